namespace PipelineBackup.Ese;

/// <summary>Reads the entries of a secondary index in its order. Moving along allocates nothing.</summary>
public sealed class IndexReader
{
    private readonly TreeCursor _cursor;

    /// <summary>A reader before the first entry. Reads nothing yet.</summary>
    /// <param name="file">The pages.</param>
    /// <param name="index">The index, from the catalog of the same database.</param>
    /// <exception cref="ArgumentException">The index is the primary one: its entries are the rows.</exception>
    public IndexReader(IPageFile file, IndexDefinition index)
    {
        ArgumentNullException.ThrowIfNull(index);
        if (index.IsPrimary)
            throw new ArgumentException("the entries of a primary index are the rows themselves", nameof(index));
        Index = index;
        _cursor = new(file, index.Root, index.ObjectId);
    }

    /// <summary>The index.</summary>
    public IndexDefinition Index { get; }

    /// <summary>The normalised key of the entry; good until the next move.</summary>
    public ReadOnlySpan<byte> Key => _cursor.Key;

    /// <summary>The key of the row that the entry leads to; good until the next move.</summary>
    public ReadOnlySpan<byte> Bookmark => _cursor.Data;

    /// <summary>Moves to the next entry; to the first when the reader stands before it.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="EseException">The tree is damaged, as <see cref="TreeCursor"/> tells.</exception>
    public bool MoveNext() => _cursor.MoveNext();

    /// <summary>Moves to the first entry whose key is the one given or greater.</summary>
    /// <param name="key">A normalised key, or the first bytes of one.</param>
    /// <returns>False when there is none.</returns>
    /// <exception cref="EseException">The tree is damaged, as <see cref="TreeCursor"/> tells.</exception>
    public bool SeekAtLeast(ReadOnlySpan<byte> key) => _cursor.SeekAtLeast(key);
}

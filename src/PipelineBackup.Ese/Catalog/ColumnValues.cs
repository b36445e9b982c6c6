namespace PipelineBackup.Ese;

/// <summary>What a row has in one column: its values, or the column's default.</summary>
public readonly ref struct ColumnValues
{
    private readonly TaggedColumn _tagged;
    private readonly ReadOnlySpan<byte> _single;
    private readonly bool _isTagged;

    internal ColumnValues(ReadOnlySpan<byte> single, bool isDefault = false)
    {
        _single = single;
        Count = 1;
        IsDefault = isDefault;
    }

    internal ColumnValues(scoped in TaggedColumn tagged)
    {
        _tagged = tagged;
        _isTagged = true;
        Count = tagged.Count;
    }

    /// <summary>Number of values; 0 is NULL.</summary>
    public int Count { get; }

    /// <summary>Whether the column is NULL.</summary>
    public bool IsNull => Count == 0;

    /// <summary>Whether the record holds nothing and this is the column's default.</summary>
    public bool IsDefault { get; }

    /// <summary>One value.</summary>
    /// <param name="index">From 0; itagSequence − 1.</param>
    /// <exception cref="EseException">The value does not lie within the record (-1206).</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer values.</exception>
    public RecordValue this[int index] =>
        _isTagged ? _tagged[index]
        : index == 0 && Count == 1 ? new(_single)
        : throw new ArgumentOutOfRangeException(nameof(index));
}

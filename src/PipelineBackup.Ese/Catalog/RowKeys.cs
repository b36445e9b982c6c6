using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>
/// Makes all keys of a record that is to be written: the one that its row stands under, and those of its entries in
/// every
/// secondary index. Reuses its buffers.
/// </summary>
public sealed class RowKeys
{
    /// <summary>Length of the key of a row in a table without primary index.</summary>
    public const int SequenceBytes = 4;

    private readonly IndexKeys? _primary;
    private readonly IndexKeys[] _secondary;

    /// <summary>Prepares for the records of a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="values">Gives values that records hold compressed or apart from themselves.</param>
    /// <param name="order">Orders UTF-16 text; without it no index on such a column can be written.</param>
    /// <exception cref="EseException">An index orders UTF-16 text, and nobody says how (-1406).</exception>
    public RowKeys(TableDefinition table, IValueSource values, IUnicodeOrder? order = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        Table = table;
        foreach (var index in table.Indexes)
        {
            if (order is null && !KeyNormalizer.CanNormalize(index))
            {
                throw new EseException(EseError.IndexInvalidDef, $"the index {index} of {table} orders UTF-16 text",
                    "The order comes from tables of Windows: give an IUnicodeOrder, or index text of code page 1252.");
            }
        }

        _primary = table.PrimaryIndex is { } primary ? new(table, values, primary, order) : null;
        _secondary =
        [
            .. table.Indexes.Where(index => !index.IsPrimary)
                .Select(index => new IndexKeys(table, values, index, order)),
        ];
    }

    /// <summary>The table.</summary>
    public TableDefinition Table { get; }

    /// <summary>Whether rows are numbered: the table has no primary index.</summary>
    public bool IsNumbered => _primary is null;

    /// <summary>The key of the row; good until the next record. Empty where rows are numbered.</summary>
    public ReadOnlySpan<byte> Primary => _primary is null ? [] : _primary[0];

    /// <summary>The keys in the secondary indexes, in the order of their names; good until the next record.</summary>
    public IReadOnlyList<IndexKeys> Secondary => _secondary;

    /// <summary>Makes the keys of a record.</summary>
    /// <param name="record">The record.</param>
    /// <exception cref="EseException">
    /// NULL stands where an index admits none (-1053), a key would be cut where its index does not allow it (-346), a
    /// value is damaged, or the record has too many keys (-1206).
    /// </exception>
    public void Make(in RecordView record)
    {
        if (_primary is not null)
        {
            Make(_primary, record);

            // A row that its own index leaves out would have no place.
            if (_primary.Count != 1)
                throw NullRefused(_primary.Index);
        }

        foreach (var keys in _secondary)
            Make(keys, record);
    }

    /// <summary>Writes the key of a row in a table without primary index.</summary>
    /// <param name="number">The number: one more than the last row's; from 1.</param>
    /// <param name="key">Takes <see cref="SequenceBytes"/>.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteSequence(uint number, Span<byte> key)
    {
        BinaryPrimitives.WriteUInt32BigEndian(key, number);
        return SequenceBytes;
    }

    /// <summary>Reads the number of a row in a table without primary index.</summary>
    /// <param name="key">The key of its node.</param>
    /// <param name="number">The number, when it is one.</param>
    public static bool TryReadSequence(ReadOnlySpan<byte> key, out uint number) =>
        BinaryPrimitives.TryReadUInt32BigEndian(key, out number) && key.Length == SequenceBytes;

    /// <summary>Makes the keys of a record in one index.</summary>
    /// <param name="keys">Takes them.</param>
    /// <param name="record">The record.</param>
    /// <exception cref="EseException">As <see cref="Make(in RecordView)"/> has them.</exception>
    internal static void Make(IndexKeys keys, in RecordView record)
    {
        keys.Make(record);
        if (keys.HasNull && (keys.Index.Flags & IndexFlags.NoNullSegment) != 0)
            throw NullRefused(keys.Index);
        if (keys.IsCut && (keys.Index.Flags & IndexFlags.DisallowTruncation) != 0)
        {
            throw new EseException(EseError.KeyTruncated,
                $"a key of the index {keys.Index} of {keys.Index.Table} is longer than {keys.Index.KeyMost} bytes");
        }
    }

    private static EseException NullRefused(IndexDefinition index) =>
        new(EseError.NullKeyDisallowed, $"a column of the index {index} of {index.Table} is NULL");
}

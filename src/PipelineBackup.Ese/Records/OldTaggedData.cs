using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>
/// The tagged columns of a record in the old format: entry after entry, in ascending order of the columns.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0    2  column
///   2    2  bits 0–11 length; 2000 inherited from the template; 4000 NULL; 8000 long type
///   4       the value; of a long type after a byte whose bit 0 says that the number of a long value follows
/// </code>
/// A column that is there again has a further value.
/// </remarks>
internal static class OldTaggedData
{
    private const int EntryBytes = 4;
    private const int LengthMask = 0x0FFF;
    private const int InheritedMark = 0x2000;
    private const int NullMark = 0x4000;
    private const int LongMark = 0x8000;
    private const int SeparatedMark = 0x01;

    /// <summary>Finds the entries of a column.</summary>
    /// <exception cref="EseException">An entry before or of the column leaves the record (-1206).</exception>
    public static ColumnState Find(ReadOnlySpan<byte> data, ColumnId column, bool isInherited, out TaggedColumn values)
    {
        values = default;
        int start = -1, count = 0;
        for (int at = 0; at < data.Length; at += Length(data, at))
        {
            bool isWanted = BinaryPrimitives.ReadUInt16LittleEndian(Entry(data, at)) == column.Value
                && (Word(data, at) & InheritedMark) != 0 == isInherited;
            if (!isWanted && start >= 0)
                break;
            if (!isWanted)
                continue;
            start = start < 0 ? at : start;
            count += (Word(data, at) & NullMark) == 0 ? 1 : 0;
        }

        if (start < 0)
            return ColumnState.Absent;
        values = TaggedColumn.Old(data[start..], count);
        return count == 0 ? ColumnState.Null : ColumnState.Present;
    }

    /// <summary>One value among entries that <see cref="Find"/> gave.</summary>
    public static RecordValue Value(ReadOnlySpan<byte> entries, int index)
    {
        int at = 0;
        for (; (Word(entries, at) & NullMark) != 0 || index-- > 0; at += Length(entries, at))
        {
        }

        int word = Word(entries, at);
        var value = entries.Slice(at + EntryBytes, word & LengthMask);
        if ((word & LongMark) == 0)
            return new(value);
        if (value.IsEmpty)
            throw RecordView.Corrupt("a long value lacks its header byte");
        return new(value[1..], isSeparated: (value[0] & SeparatedMark) != 0);
    }

    private static int Length(ReadOnlySpan<byte> data, int at)
    {
        int length = EntryBytes + (Word(data, at) & LengthMask);
        return length <= data.Length - at ? length : throw RecordView.Corrupt("a tagged column leaves the record");
    }

    private static int Word(ReadOnlySpan<byte> data, int at) =>
        BinaryPrimitives.ReadUInt16LittleEndian(Entry(data, at)[2..]);

    private static ReadOnlySpan<byte> Entry(ReadOnlySpan<byte> data, int at) => data.Length - at >= EntryBytes
        ? data.Slice(at, EntryBytes)
        : throw RecordView.Corrupt("the tagged columns end within an entry");
}

using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace PipelineBackup.Ese;

// Room for lines: tags, free bytes, moving lines together.
public readonly ref partial struct PageEditor
{
    /// <summary>Makes room for one more line and its tag.</summary>
    /// <returns>Where the line begins, from the start of the data.</returns>
    private int OpenLine(int tag, int tags, int length)
    {
        if (Contiguous(tags) < length + PageView.TagBytes)
            Reorganise();
        int at = View.FirstFree, from = TagAt(tags - 1);
        Bytes[from..(TagAt(tag) + PageView.TagBytes)].CopyTo(Bytes[(from - PageView.TagBytes)..]);
        WriteCount(tags + 1);
        WriteTag(tag, at, length);
        Write16(FirstFreeAt, at + length);
        WriteFree(View.FreeBytes - length - PageView.TagBytes);
        return at;
    }

    /// <summary>Gives a line another length; its first bytes and its marks stay.</summary>
    /// <returns>Where the line begins in the page.</returns>
    private int Resize(int tag, PageTag old, int length, int head)
    {
        int header = _size.HeaderBytes, tags = View.TagCount, growth = length - old.Length;
        if (View.FreeBytes - growth > Area - tags * PageView.TagBytes)
            throw Unsound(PageRule.SpaceSum.Describe());
        bool isLast = old.Length > 0 && old.Offset + old.Length == header + View.FirstFree;
        int offset = old.Length == 0 ? header : old.Offset;
        if (growth > 0 && !(isLast && Contiguous(tags) >= growth))
            return Move(tag, old, length, head);
        if (isLast)
            Write16(FirstFreeAt, View.FirstFree + growth);
        WriteFree(View.FreeBytes - growth);
        WriteTag(tag, offset - header, length, keepFlags: true);
        return offset;
    }

    /// <summary>Moves a line that grows behind all others; the old one becomes a hole.</summary>
    [SkipLocalsInit]
    private int Move(int tag, PageTag old, int length, int head)
    {
        Span<byte> kept = stackalloc byte[PageSize.Max.Bytes];
        kept = kept[..head];
        Bytes.Slice(old.Offset, head).CopyTo(kept);
        int free = View.FreeBytes, tags = View.TagCount;
        if (Contiguous(tags) < length)
            Reorganise(without: tag);
        int at = View.FirstFree;
        WriteTag(tag, at, length, keepFlags: true);
        Write16(FirstFreeAt, at + length);
        WriteFree(free + old.Length - length);
        kept.CopyTo(Bytes[(_size.HeaderBytes + at)..]);
        return _size.HeaderBytes + at;
    }

    /// <summary>
    /// Moves the lines together in the order of their tags, so that all free bytes are behind them. Refuses a page whose
    /// lines, free bytes and tags are not its data area, before it changes anything.
    /// </summary>
    /// <param name="without">A line that goes; none when negative.</param>
    [SkipLocalsInit]
    private void Reorganise(int without = -1)
    {
        int tags = View.TagCount, used = 0, header = _size.HeaderBytes;
        for (int i = 0; i < tags; i++)
            used += RequireTag(i).Length;
        if (used + View.FreeBytes + tags * PageView.TagBytes != Area)
            throw Unsound(PageRule.SpaceSum.Describe());

        Span<byte> lines = stackalloc byte[PageSize.Max.Bytes];
        lines = lines[..Area];
        Bytes[header..].CopyTo(lines);
        int at = 0;
        for (int i = 0; i < tags; i++)
        {
            View.ReadTag(i, out int offset, out int length);
            length = i == without ? 0 : length;
            lines.Slice(length == 0 ? 0 : offset - header, length).CopyTo(Bytes[(header + at)..]);
            WriteTag(i, length == 0 ? 0 : at, length, keepFlags: true);
            at += length;
        }

        Write16(FirstFreeAt, at);
    }

    private int Contiguous(int tags) => Area - View.FirstFree - tags * PageView.TagBytes;

    private int TagAt(int tag) => Bytes.Length - PageView.TagBytes * (tag + 1);

    private int RequireTags()
    {
        int tags = View.TagCount;
        if (tags < View.ReservedTags || tags * PageView.TagBytes > Area)
            throw Unsound("tags that are not within it");
        if (View.FreeBytes > Area || View.FirstFree > Area)
            throw Unsound("more room than a page has");
        return tags;
    }

    private static int RequireLine(int line, int lines) => (uint)line < (uint)lines
        ? line
        : throw new EseException(EseError.BadLineCount, $"line {line} of a page of {lines}");

    private PageTag RequireTag(int tag)
    {
        var found = View.Tag(tag);
        return found.IsValid ? found : throw Unsound(PageRule.LineOutsideData.Describe());
    }

    private NodeView RequireNode(int line)
    {
        var rule = View.Node(line, out var node);
        return rule == PageRule.None ? node : throw Unsound(rule.Describe());
    }

    private static EseException Unsound(string what) =>
        new(EseError.DatabaseCorrupted, $"a page that cannot be changed: {what}");

    private static LineFlags Marks(LineFlags flags, bool isCompressed) =>
        (flags & (LineFlags.Versioned | LineFlags.Deleted)) | (isCompressed ? LineFlags.Compressed : LineFlags.None);

    private void WriteFlags(int tag, int offset, LineFlags flags)
    {
        int at = _size.IsSmall ? TagAt(tag) + 2 : offset;
        Write16(at, (Read16(at) & 0x1FFF) | (int)flags << 13);
    }

    private void WriteTag(int tag, int offset, int length, bool keepFlags = false)
    {
        int at = TagAt(tag), flags = keepFlags && _size.IsSmall ? Read16(at + 2) & ~0x1FFF : 0;
        Write16(at, length);
        Write16(at + 2, offset | flags);
    }

    private void WriteCount(int tags) => Write16(CountAt, (Read16(CountAt) & ~CountMask) | tags);

    private void WriteFree(int bytes)
    {
        Write16(FreeAt, bytes);
        if (View.UncommittedFreeBytes > bytes)
            Write16(UncommittedAt, bytes);
    }

    private int Read16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(Bytes[offset..]);

    private void Write16(int offset, int value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(Bytes[offset..], (ushort)value);

    private void Write32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Bytes[offset..], value);
}

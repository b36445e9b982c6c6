using System.Text;

namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>All that a record of a macro says, but for how pages were last written and how images are stored.</summary>
internal static class MacroText
{
    private const uint Written = (uint)(PageFlags.FlushType | PageFlags.EccChecksum | PageFlags.Scrubbed);

    public static string Of(in LogRecordView record, PageSize size)
    {
        switch (record.Type)
        {
            case LogRecordType.Split:
                var split = record.AsSplit();
                var change = split.Split with
                {
                    NewFlags = split.Split.NewFlags & ~Written, SplitFlags = split.Split.SplitFlags & ~Written,
                };
                return $"{change} {Hex(split.ParentKey)} {Hex(split.OldPrefix)} {Hex(split.NewPrefix)} "
                    + Image(split.Image, split.ImageFlags, size);
            case LogRecordType.Merge:
                var merge = record.AsMerge();

                // Where a cursor stood on the leaf, and what transactions held back, nobody can tell later.
                var moved = merge.Merge.Type == MergeType.None
                    ? merge.Merge
                    : merge.Merge with { Change = merge.Merge.Change with { Line = 0 }, UncommittedFreeTarget = 0 };
                return $"{moved} {Hex(merge.ParentKey)} {Image(merge.Image, merge.ImageFlags, size)}";
            default:
                return $"{record.Type} {Hex(record.Bytes)}";
        }
    }

    private static string Image(ReadOnlySpan<byte> image, BeforeImageFlags flags, PageSize size)
    {
        if (image.IsEmpty)
            return "no image";
        byte[] page = new byte[size.Bytes];
        BeforeImage.Restore(image, flags, size, page);
        var text = new StringBuilder();

        // The engine takes marks of old versions off when it comes by.
        PageText.Write(text, new(page), LineFlags.Versioned);
        return text.ToString();
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes);
}

using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests.Trees;

/// <summary>Random changes where they hurt, the checksums made right again: what gets past an inspection of pages.</summary>
internal static class PageMutation
{
    /// <summary>Changes a few pages in use.</summary>
    public static void Mutate(MemoryPages file, Random random)
    {
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            var number = PageInUse(file, random);
            file.Change(number, page => Change(page, file.LastPage, random));
        }
    }

    private static PageNumber PageInUse(MemoryPages file, Random random)
    {
        while (true)
        {
            // Low numbers hold the catalog and the roots of most trees.
            uint most = random.Next(2) == 0 ? Math.Min(70, file.LastPage.Value) : file.LastPage.Value;
            var number = new PageNumber((uint)random.Next(1, (int)most + 1));
            if (!file.View(number).IsZero)
                return number;
        }
    }

    private static void Change(byte[] page, PageNumber last, Random random)
    {
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            switch (random.Next(8))
            {
                case 0:
                    Put32(page, 16, PageNumberLike(last, random));
                    break;
                case 1:
                    Put32(page, 20, PageNumberLike(last, random));
                    break;
                case 2:
                    page[random.Next(24, 40)] ^= (byte)(1 << random.Next(8));
                    break;
                case 3:
                    page[page.Length - 1 - random.Next(Math.Min(page.Length - 40, 120))] = (byte)random.Next(256);
                    break;
                case 4:
                    ChangeLine(page, random, line => line[random.Next(Math.Min(4, line.Length))] = (byte)random.Next(256));
                    break;
                case 5:
                    ChangeLine(page, random, line =>
                        Put32(line, Math.Max(0, line.Length - 4), PageNumberLike(last, random)));
                    break;
                case 6:
                    ChangeLine(page, random, line => line[random.Next(line.Length)] ^= (byte)(1 << random.Next(8)));
                    break;
                default:
                    ChangeLine(page, random, line => line[random.Next(line.Length)] = 0xFF);
                    break;
            }
        }
    }

    private delegate void LineChange(Span<byte> line);

    private static void ChangeLine(byte[] page, Random random, LineChange change)
    {
        var view = new PageView(page);
        var tag = view.TagCount > 0 ? view.Tag(random.Next(view.TagCount)) : PageTag.Invalid;
        if (tag.Length > 0)
            change(page.AsSpan(tag.Offset, tag.Length));
    }

    private static uint PageNumberLike(PageNumber last, Random random) => random.Next(4) switch
    {
        0 => 0,
        1 => (uint)random.Next(),
        _ => (uint)random.Next(1, (int)last.Value + 2),
    };

    private static void Put32(Span<byte> bytes, int offset, uint value)
    {
        if (bytes.Length >= offset + 4)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[offset..], value);
    }
}

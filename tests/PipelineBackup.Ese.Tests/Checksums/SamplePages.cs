using System.Buffers.Binary;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests;

/// <summary>
/// Pages to damage: made by the generator of the documented test vectors, or taken from the golden databases.
/// </summary>
internal static class SamplePages
{
    /// <summary>How many seeds a fuzz test tries: its own default, or what <c>PIPELINEBACKUP_SEEDS</c> says.</summary>
    public static int Seeds(int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), out int seeds) ? seeds : otherwise;

    /// <summary>The documented generator's first bytes.</summary>
    public static byte[] Generate(int count)
    {
        var bytes = new byte[count];
        uint x = 0x12345678;
        foreach (ref byte b in bytes.AsSpan())
        {
            x = unchecked(x * 1664525 + 1013904223);
            b = (byte)(x >> 24);
        }

        return bytes;
    }

    /// <summary>A page of the documented vectors, with its checksums.</summary>
    public static byte[] Make(int pageBytes, uint number, PageFlags flags, bool zero = false)
    {
        var page = zero ? new byte[pageBytes] : Generate(pageBytes);
        page.AsSpan(0, 8).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(36), (uint)flags);
        if (pageBytes > 8192)
            BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(64), number);
        PageChecksum.Write(page, new(number));
        return page;
    }

    /// <summary>A sound page: a leaf with as many records as there are keys, in order.</summary>
    public static byte[] MakeLeaf(int pageBytes, uint number, int records, FlushType flush = FlushType.Rock)
    {
        var page = new byte[pageBytes];
        int header = PageSize.Of(pageBytes).HeaderBytes, at = 0;
        for (int i = 0; i < records; i++)
        {
            var line = page.AsSpan(header + at, 30);
            line[0] = 4;
            BinaryPrimitives.WriteInt32BigEndian(line[2..], i);
            line[6..].Fill((byte)(i * 7));
            Tag(page, i + 1, at, line.Length);
            at += line.Length;
        }

        int tags = records + 1;
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(8), 0x40);
        BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(24), 7);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(28), (ushort)(pageBytes - header - at - 4 * tags));
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(32), (ushort)at);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(34), (ushort)(tags | 1 << 12));
        var flags = PageFlags.Leaf | PageFlags.NewRecordFormat | PageFlags.EccChecksum;
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(36), (uint)flags | (uint)flush << 15);
        if (pageBytes > 8192)
            BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(64), number);
        PageChecksum.Write(page, new(number));
        return page;
    }

    /// <summary>Writes a tag; offset from the start of the data.</summary>
    public static void Tag(Span<byte> page, int index, int offset, int length)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(page[^(4 * (index + 1))..], (ushort)length);
        BinaryPrimitives.WriteUInt16LittleEndian(page[^(4 * (index + 1) - 2)..], (ushort)offset);
    }

    public static void FlipBit(Span<byte> page, int bit) => page[bit / 8] ^= (byte)(1 << (bit % 8));

    /// <summary>A golden database: its page size and all of its file.</summary>
    public static (PageSize Size, byte[] File) Golden(string set) =>
        ReadDatabase(Path.Combine(GoldenSets.Small(set), "files", "db1.edb"));

    /// <summary>A database file and its page size.</summary>
    public static (PageSize Size, byte[] File) ReadDatabase(string path)
    {
        var file = File.ReadAllBytes(path);
        foreach (int bytes in PageSize.All)
        {
            if (file.Length > 2 * bytes && HeaderChecksum.Verify(file.AsSpan(0, bytes))
                && PageSize.TryCreate(BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(236)), out var size)
                && size.Bytes == bytes)
                return (size, file);
        }

        throw new InvalidDataException($"{path} has no database header");
    }

    /// <summary>All pages of a database that are in use, with their numbers.</summary>
    public static List<(PageNumber Number, byte[] Page)> InUse(string set)
    {
        var (size, file) = Golden(set);
        var pages = new List<(PageNumber, byte[])>();
        for (var number = new PageNumber(1); number.FileOffset(size) < file.Length; number = new(number.Value + 1))
        {
            var page = file.AsSpan((int)number.FileOffset(size), size.Bytes);
            if (page.ContainsAnyExcept((byte)0))
                pages.Add((number, page.ToArray()));
        }

        return pages;
    }
}

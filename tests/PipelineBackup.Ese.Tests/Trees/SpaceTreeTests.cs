namespace PipelineBackup.Ese.Tests.Trees;

/// <summary>Space and long values of real databases.</summary>
public sealed class SpaceTreeTests
{
    public static TheoryData<string> Sets => ["clean-4096", "clean-32768"];

    [Theory]
    [MemberData(nameof(Sets))]
    public void The_database_owns_what_its_tables_own_and_its_last_pages_are_its_own(string set)
    {
        var file = MemoryPages.Golden(set);
        var database = new SpaceTree(file, new(1), new(1));
        var owned = database.Owned().ToList();
        Assert.Equal(PageNumber.None, database.Header.Parent);
        Assert.Equal(new PageNumber(2), database.Header.OwnedRoot);
        Assert.Equal(new PageNumber(1), owned[0].First);
        var catalog = new SpaceTree(file, new(4), new(2));
        Assert.Equal(new PageNumber(1), catalog.Header.Parent);
        Assert.Equal(PageExtent.From(new(4), 20), catalog.Owned().First());
        foreach (var extent in catalog.Owned())
            Assert.Contains(owned, whole => whole.Contains(extent.First) && whole.Contains(extent.Last));
        foreach (var (extent, _) in catalog.Available().Where(free => free.Pages.Count > 0))
            Assert.Contains(catalog.Owned(), whole => whole.Contains(extent.First) && whole.Contains(extent.Last));
    }

    [Theory]
    [InlineData(10u, 0x1FCu, "10–19", "13–19")]
    [InlineData(1u, 0u, "10", "")]
    [InlineData(1u, uint.MaxValue, "10", "")]
    [InlineData(6u, 0b10101u, "10–15", "11 13 15")]
    [InlineData(32u, uint.MaxValue, "10–41", "11–41")]
    [InlineData(40u, uint.MaxValue, "10–49", "11–42")]
    public void A_single_extent_is_a_bitmap(uint pages, uint bitmap, string owned, string free)
    {
        var space = new SpaceTree(SingleExtent(pages, bitmap), new(10), new(7));
        Assert.Equal(owned, string.Join(' ', space.Owned()));
        Assert.Equal(free, string.Join(' ', space.Available().Select(extent => extent.Pages)));
        Assert.Empty(space.Reserved());
    }

    [Fact]
    public void A_single_extent_that_leaves_the_file_is_damage()
    {
        var space = new SpaceTree(SingleExtent(1000, 0), new(10), new(7));
        Assert.Equal(EseError.SPOwnExtCorrupted, Assert.Throws<EseException>(() => space.Owned().ToList()).Error);
    }

    [Fact]
    public void What_is_no_root_has_no_space()
    {
        var file = MemoryPages.Golden("clean-4096");
        var leaf = file.Child(file.AboveLeaves(new(4)), 0);
        Assert.Equal(EseError.DatabaseCorrupted, Throws(file, leaf, new(2)));
        Assert.Equal(EseError.DatabaseCorrupted, Throws(file, new(2), new(1)));
        Assert.Equal(EseError.BadParentPageLink, Throws(file, new(4), new(3)));
        Assert.Equal(EseError.FileIOBeyondEOF, Throws(file, new(100_000), new(3)));
    }

    [Theory]
    [InlineData("01000000", true, 1ul, false)]
    [InlineData("ffffff7f", true, 0x7FFFFFFFul, false)]
    [InlineData("00000080", false, 0ul, false)]
    [InlineData("0100008000000080", true, 0x8000000080000001ul, true)]
    [InlineData("0100000000000000", false, 0ul, false)]
    [InlineData("010000", false, 0ul, false)]
    public void References_of_records_are_read(string reference, bool isId, ulong value, bool isWide)
    {
        Assert.Equal(isId, LongValueId.TryReadReference(Convert.FromHexString(reference), out var id));
        if (isId)
            Assert.Equal((value, isWide, reference.Length / 2), (id.Value, id.IsWide, id.Bytes));
    }

    [Theory]
    [InlineData("00000001", true, 1ul, -1L)]
    [InlineData("0000000100000fae", true, 1ul, 4014L)]
    [InlineData("8000000080000001", true, 0x8000000080000001ul, -1L)]
    [InlineData("8000000080000001fffffffe", true, 0x8000000080000001ul, 4294967294L)]
    [InlineData("80000000", false, 0ul, -1L)]
    [InlineData("000000010000000000000000", false, 0ul, -1L)]
    [InlineData("", false, 0ul, -1L)]
    public void Keys_of_long_values_are_read(string key, bool isKey, ulong value, long offset)
    {
        Assert.Equal(isKey, LongValueId.TryReadKey(Convert.FromHexString(key), out var id, out long at));
        if (!isKey)
            return;
        Assert.Equal((value, offset), (id.Value, at));
        byte[] root = new byte[LongValueId.MaxKeyBytes];
        int bytes = id.WriteRootKey(root);
        Assert.Equal(key[..(2 * bytes)], Convert.ToHexStringLower(root.AsSpan(0, bytes)));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Every_long_value_is_read_to_its_end(string set)
    {
        var file = MemoryPages.Golden(set);
        int chunk = LongValueTree.DefaultChunkBytes(file.PageSize), values = 0, compressed = 0, chunks = 0;
        foreach (var (root, id) in file.Roots().Where(tree => (file.View(tree.Root).Flags & PageFlags.LongValue) != 0))
        {
            var cursor = new TreeCursor(file, root, id);
            var reader = new LongValueTree(file, root, id, chunk);
            while (cursor.MoveNext())
            {
                Assert.True(LongValueId.TryReadKey(cursor.Key, out var value, out long offset));
                if (offset >= 0)
                    continue;
                Assert.True(reader.Open(value));
                long length = 0;
                for (; reader.MoveNextChunk(); length += reader.ChunkLength, chunks++)
                {
                    Assert.Equal(length, reader.ChunkOffset);
                    compressed += reader.IsChunkCompressed ? 1 : 0;
                }

                Assert.Equal(reader.Value.Length, length);
                Assert.True(reader.Value.References > 0);
                Assert.False(reader.MoveNextChunk());
                values++;
            }

            Assert.False(reader.Open(new(0x7FFFFFF0)));
            Assert.Throws<InvalidOperationException>(() => reader.MoveNextChunk());
        }

        Assert.InRange(values, 50, int.MaxValue);
        Assert.InRange(compressed, 20, chunks - 1);
    }

    /// <summary>A root of a tree of one page, with its header in the line of tag 0.</summary>
    private static MemoryPages SingleExtent(uint pages, uint bitmap)
    {
        var file = new MemoryPages(PageSize.Default, new byte[66 * 4096]);
        byte[] page = SamplePages.MakeLeaf(4096, 10, 10);
        page.CopyTo(file[new(10)]);
        file.Change(new(10), bytes =>
        {
            SamplePages.Tag(bytes, 0, 300, RootHeader.Size);
            byte[] header = [.. BitConverter.GetBytes(pages), 1, 0, 0, 0, 0, 0, 0, 0, .. BitConverter.GetBytes(bitmap)];
            header.CopyTo(bytes, 340);
            BitConverter.GetBytes((ushort)(BitConverter.ToUInt16(bytes, 28) - RootHeader.Size)).CopyTo(bytes, 28);
            BitConverter.GetBytes((ushort)(300 + RootHeader.Size)).CopyTo(bytes, 32);
            bytes[36] |= (byte)PageFlags.Root;
        });
        return file;
    }

    private static EseError Throws(MemoryPages file, PageNumber root, ObjectId id) =>
        Assert.Throws<EseException>(() => new SpaceTree(file, root, id)).Error;
}

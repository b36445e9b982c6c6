using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests;

/// <summary>Nodes and external headers as the documentation draws them, and as nobody should.</summary>
public sealed class NodeViewTests
{
    // The worked examples of the documentation: the key lies wholly in the prefix; part of it; a large page.
    [Theory]
    [InlineData("7f800000037f80027f80000104", LineFlags.Compressed, "0d000000" + "07801f000300", "7f800000037f80027f80000104")]
    [InlineData("7f800000037f80027f80000104", LineFlags.Compressed, "0c00010005" + "07801f00", "7f800000037f80027f80000105")]
    [InlineData("8000000080000092", LineFlags.Compressed | LineFlags.Versioned, "07a001008a" + "000000004d070000",
        "800000008000008a")]
    [InlineData("", LineFlags.None, "0400000000fe" + "dc000000", "000000fe")]
    public void A_documented_node_is_read(string prefix, LineFlags flags, string line, string key)
    {
        var rule = NodeView.Decode(Convert.FromHexString(line), flags, Convert.FromHexString(prefix), out var node);
        Assert.Equal(PageRule.None, rule);
        Assert.Equal(key, Convert.ToHexStringLower(node.KeyToArray()));
        Assert.Equal(key.Length / 2, node.KeyLength);
        Assert.EndsWith(Convert.ToHexStringLower(node.Data), line, StringComparison.Ordinal);
        Assert.Equal(0, node.CompareKey(Convert.FromHexString(key)));
        Assert.True(node.CompareKey(Convert.FromHexString(key + "00")) < 0);
        Assert.True(node.CompareKey(Convert.FromHexString(key).AsSpan(0, key.Length / 2 - 1)) > 0);
    }

    [Theory]
    [InlineData(LineFlags.None, "", PageRule.NodeLength)]
    [InlineData(LineFlags.None, "04", PageRule.NodeLength)]
    [InlineData(LineFlags.None, "0400aabbccdd", PageRule.NodeLength)]
    [InlineData(LineFlags.None, "ff1faabbccdd", PageRule.NodeLength)]
    [InlineData(LineFlags.Compressed, "0300", PageRule.NodeLength)]
    [InlineData(LineFlags.Compressed, "05000000aa", PageRule.PrefixLength)]
    public void A_broken_node_is_told(LineFlags flags, string line, PageRule expected)
    {
        var rule = NodeView.Decode(Convert.FromHexString(line), flags, [1, 2, 3, 4], out var node);
        Assert.Equal(expected, rule);
        Assert.Equal(0, node.KeyLength + node.Data.Length);
    }

    [Fact]
    public void Nodes_of_a_page_begin_behind_its_reserved_tags()
    {
        byte[] page = SamplePages.MakeLeaf(4096, 42, 10);
        var view = new PageView(page);
        Assert.Equal(10, view.NodeCount);
        Assert.Equal(PageRule.None, view.Node(9, out var last));
        Assert.Equal(9, BinaryPrimitives.ReadInt32BigEndian(last.KeyTail));
        Assert.Equal(24, last.Data.Length);
        Assert.Equal(PageRule.LineOutsideData, view.Node(10, out _));
        Assert.Equal(PageRule.LineOutsideData, view.Node(-1, out _));
        Assert.Equal(PageRule.LineOutsideData, view.Node(int.MaxValue, out _));
        Assert.Equal(PageRule.LineOutsideData, NodeView.Read(view, 0, out _));

        // One tag more is reserved: the second line becomes the first node.
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(34), 11 | 2 << 12);
        Assert.Equal(9, new PageView(page).NodeCount);
        Assert.Equal(PageRule.None, new PageView(page).Node(0, out var first));
        Assert.Equal(1, BinaryPrimitives.ReadInt32BigEndian(first.KeyTail));
    }

    [Fact]
    public void Only_four_bytes_are_the_number_of_a_child()
    {
        Assert.Equal(PageRule.None, NodeView.Decode([1, 0, 7, 0x0D, 0, 0, 0], LineFlags.None, [], out var inner));
        Assert.Equal(new PageNumber(13), inner.Child);
        Assert.Equal(PageRule.None, NodeView.Decode([1, 0, 7, 0x0D, 0, 0], LineFlags.None, [], out var leaf));
        Assert.Equal(PageNumber.None, leaf.Child);
    }

    [Fact]
    public void The_three_forms_of_a_root_header_are_read()
    {
        byte[] space = Convert.FromHexString("fe000000000000000100000002000000");
        Assert.True(RootHeader.TryRead(space, out var plain));
        Assert.Equal((254u, 0u, 2u, 3u), (plain.Pages, plain.Parent.Value, plain.OwnedRoot.Value, plain.AvailableRoot.Value));
        Assert.True(RootHeader.TryRead([1, .. space], out var extended));
        Assert.True(extended.IsExtended && !plain.IsExtended);
        Assert.Equal((plain.Pages, plain.Parent, plain.Flags, plain.OwnedRootOrFree),
            (extended.Pages, extended.Parent, extended.Flags, extended.OwnedRootOrFree));

        // A single extent of ten pages, seven of them free, and auto-increment values up to 30.
        byte[] both = Convert.FromHexString("030a0000000100000000000000fc0100001e00000000000000");
        Assert.True(RootHeader.TryRead(both, out var single));
        Assert.False(single.HasSpaceTrees);
        Assert.Equal((10u, 1u, 0x1FCu, 30ul),
            (single.Pages, single.Parent.Value, single.FreeBitmap, single.AutoIncrementMax!.Value));
        Assert.Equal(PageNumber.None, single.OwnedRoot);
        foreach (int length in new[] { 0, 1, 15, 18, 24, 26 })
            Assert.False(RootHeader.TryRead(new byte[length], out _));
        Assert.False(RootHeader.TryRead([2, .. space], out _));
        Assert.False(RootHeader.TryRead([3, .. space], out _));
        Assert.False(RootHeader.TryRead([5, .. space], out _));
    }

    [Fact]
    public void A_split_buffer_is_two_reserves()
    {
        var buffer = SplitBuffer.Read(Convert.FromHexString("1e000000020000000000000000000000"));
        Assert.Equal((29u, 30u), (buffer.First.First.Value, buffer.First.Last.Value));
        Assert.Equal(0u, buffer.Second.Count);
        Assert.Equal(default, SplitBuffer.Read(new byte[15]));
    }

    [Fact]
    public void An_extent_knows_its_pages()
    {
        var extent = PageExtent.From(new(35), 220);
        Assert.Equal((35u, 254u), (extent.First.Value, extent.Last.Value));
        Assert.Equal("35–254", extent.ToString());
        Assert.True(extent.Contains(new(35)) && extent.Contains(new(254)));
        Assert.False(extent.Contains(new(34)) || extent.Contains(new(255)) || extent.Contains(PageNumber.None));
        Assert.True(extent.IsValid);
        Assert.False(new PageExtent(new(4), 5).IsValid);
        Assert.False(new PageExtent(new(uint.MaxValue), 1).IsValid);
        Assert.True(new PageExtent(new(4), 4).IsValid);
        Assert.False(new PageExtent(new(4), 0).Contains(new(4)));
    }
}

using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>One record about a node replayed into a page of each format.</summary>
public sealed class RedoNodesTests
{
    public static TheoryData<int> Sizes => [4096, 32768];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void An_insertion_is_made_and_its_key_borrows_what_it_can(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        rig.MakeLeaf("prefixA=1", "prefixC=3");
        Assert.True(rig.Apply(log => log.Insert(RedoRig.Node(1, version: 8), "pre"u8, "fixB"u8, "2"u8)));
        Assert.Equal(["prefixA=1", "*prefixB=2", "prefixC=3"], rig.Nodes(RedoRig.Leaf));
        var view = rig.Cache.Require(RedoRig.Leaf).View;
        view.Node(1, out var node);
        Assert.Equal((6, new DbTime(101)), (node.KeyHead.Length, view.DbTime));
        Assert.Equal(NodeOperation.Insert, Taken(rig, 8, "prefixB"));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_change_that_is_there_already_is_not_made_again_but_its_version_is(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        rig.MakeLeaf("prefixA=1");
        rig.Apply(log => log.Insert(RedoRig.Node(1, 8, before: 98, after: 99), [], "prefixB"u8, "2"u8));
        rig.Apply(log => log.Delta(RedoRig.Node(0, 9, before: 99, after: 100), 1, 0, "prefixA"u8, []));
        rig.Apply(log => log.FlagInsertReplace(RedoRig.Node(0, 10, before: 99, after: 100), 11, "prefixA"u8, "1"u8));
        rig.Apply(log => log.Replace(RedoRig.Node(0, 12, before: 99, after: 100), 1, "1"u8));
        rig.Apply(log => log.Add(LogRecordType.FlagDelete, RedoRig.Node(0, 13, before: 99, after: 100)));
        Assert.Equal(["prefixA=1"], rig.Nodes(RedoRig.Leaf));
        Assert.False(rig.Cache.Require(RedoRig.Leaf).IsDirty);
        Assert.Equal(NodeOperation.Insert, Taken(rig, 8, "prefixB"));
        Assert.Equal(NodeOperation.Delta, Taken(rig, 9, "prefixA"));
        Assert.Equal(NodeOperation.Insert, Taken(rig, 10, "prefixA"));
        Assert.All([11u, 12u, 13u], version => Assert.Null(Taken(rig, version, "prefixA")));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_deleted_node_is_inserted_again_with_its_data_or_others(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        rig.MakeLeaf("-prefixA=1", "-prefixB=22");
        rig.Apply(log => log.FlagInsert(RedoRig.Node(0, 8), "prefixA"u8, "1"u8));
        rig.Apply(log => log.FlagInsertReplace(
            RedoRig.Node(1, 9, before: 101, after: 102), 10, "prefixB"u8, "new data"u8));
        Assert.Equal(["*prefixA=1", "*prefixB=new data"], rig.Nodes(RedoRig.Leaf));
        Assert.Equal(NodeOperation.Replace, Taken(rig, 10, "prefixB", "22"));
        Assert.Equal(NodeOperation.Insert, Taken(rig, 9, "prefixB"));
        Assert.True(rig.Versions.HeldPages <= 1);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Data_are_replaced_whole_or_by_what_differs_and_the_old_are_kept_for_undo(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        rig.MakeLeaf("-prefixA=old data", "prefixB=0123456789");
        rig.Apply(log => log.Replace(RedoRig.Node(0, 8), 8, "data that are new"u8));
        byte[] edit = new byte[16];
        int length = DataDifference.WriteEdit(edit, pageBytes > 8192, 2, 3, "abcd"u8);
        rig.Apply(log => log.ReplaceDifference(
            RedoRig.Node(1, before: 101, after: 102), pageBytes > 8192, 10, 11, edit.AsSpan(0, length)));
        Assert.Equal(["-*prefixA=data that are new", "prefixB=01abcd56789"], rig.Nodes(RedoRig.Leaf));
        Assert.True(rig.Versions.IsHeld(1, RedoRig.Leaf));
        Assert.Equal(NodeOperation.Replace, Taken(rig, 8, "prefixA", "old data"));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Nodes_are_flagged_deleted_and_taken_out(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        rig.MakeLeaf("prefixA=1", "prefixB=2", "prefixC=3");
        rig.Apply(log => log.Add(LogRecordType.FlagDelete, RedoRig.Node(0, 8)));
        rig.Apply(log => log.Add(LogRecordType.FlagDelete, RedoRig.Node(2, before: 101, after: 102)));
        Assert.Equal(["-*prefixA=1", "prefixB=2", "-prefixC=3"], rig.Nodes(RedoRig.Leaf));
        rig.Apply(log => log.Add(LogRecordType.Delete, RedoRig.Node(2, before: 102, after: 103)));
        rig.Apply(log => log.Add(LogRecordType.Delete, RedoRig.Node(0, before: 103, after: 104)));
        Assert.Equal(["prefixB=2"], rig.Nodes(RedoRig.Leaf));
        Assert.Equal(NodeOperation.FlagDelete, Taken(rig, 8, "prefixA"));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Counters_are_moved_within_the_data(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        rig.MakeLeaf("prefixA=\x01\x02\0\0\0\x05\0\0\0\0\0\0\0");
        rig.Apply(log => log.Delta(RedoRig.Node(0, 8), -5, 1, "prefixA"u8, []));
        rig.Apply(log => log.Delta64(RedoRig.Node(0, 9, before: 101, after: 102), 1L << 40, 5, "prefixA"u8, []));
        rig.Cache.Require(RedoRig.Leaf).View.Node(0, out var node);
        Assert.Equal(-3, BinaryPrimitives.ReadInt32LittleEndian(node.Data[1..]));
        Assert.Equal((1L << 40) + 5, BinaryPrimitives.ReadInt64LittleEndian(node.Data[5..]));
        Assert.Equal((1, LineFlags.Versioned | LineFlags.Compressed), (node.Data[0], node.Flags));
        Assert.Equal(NodeOperation.Delta64, Taken(rig, 9, "prefixA"));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Changes_are_taken_back_by_records(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        rig.MakeLeaf("prefixA=old data", "prefixB=2", "prefixD=\x07\0\0\0");
        rig.Apply(log => log.Replace(RedoRig.Node(0, 8), 8, "n"u8));
        rig.Apply(log => log.Add(LogRecordType.FlagDelete, RedoRig.Node(1, 9, before: 101, after: 102)));
        rig.Apply(log => log.Insert(RedoRig.Node(2, 10, before: 102, after: 103), [], "prefixC"u8, "3"u8));
        rig.Apply(log => log.Delta(RedoRig.Node(3, 11, before: 103, after: 104), 40, 0, "prefixD"u8, []));
        Assert.Equal(["*prefixA=n", "-*prefixB=2", "*prefixC=3", "*prefixD=/\0\0\0"], rig.Nodes(RedoRig.Leaf));

        Undo(rig, 3, 11, 105, NodeOperation.Delta, "prefixD");
        Undo(rig, 2, 10, 106, NodeOperation.Insert, "prefixC");
        Undo(rig, 1, 9, 107, NodeOperation.FlagDelete, "prefixB");
        Undo(rig, 0, 8, 108, NodeOperation.Replace, "prefixA");
        Assert.Equal(["*prefixA=old data", "*prefixB=2", "-*prefixC=3", "*prefixD=\x07\0\0\0"],
            rig.Nodes(RedoRig.Leaf));

        // What was undone is forgotten, and undoing what is not known moves the time only.
        Assert.Null(Taken(rig, 8, "prefixA"));
        Undo(rig, 2, 77, 109, NodeOperation.Insert, "prefixC");
        Assert.Equal(new DbTime(109), rig.Cache.Require(RedoRig.Leaf).View.DbTime);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_external_header_is_set_unless_nodes_borrow_more_of_it(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        rig.MakeLeaf("prefixA=1");
        rig.Fails(EseError.LogOperationInconsistentWithDatabase,
            log => log.SetExternalHeader(RedoRig.Node(0), "prefi"u8));
        rig.Apply(log => log.SetExternalHeader(RedoRig.Node(0), "prefix and more"u8));
        Assert.Equal("prefix and more"u8, rig.Cache.Require(RedoRig.Leaf).View.ExternalHeader);
        Assert.Equal(["prefixA=1"], rig.Nodes(RedoRig.Leaf));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Records_that_do_not_fit_their_page_are_refused(int pageBytes)
    {
        using var rig = new RedoRig(pageBytes);
        rig.MakeLeaf("prefixA=1", "prefixB=0123");
        byte[] large = new byte[pageBytes];
        rig.Fails(EseError.BadLineCount, log => log.Insert(RedoRig.Node(3), [], "x"u8, "1"u8));
        rig.Fails(EseError.BadLineCount, log => log.Insert(RedoRig.Node(65535), [], "x"u8, "1"u8));
        rig.Fails(EseError.BadLineCount, log => log.FlagInsert(RedoRig.Node(2), "x"u8, "1"u8));
        rig.Fails(EseError.BadLineCount, log => log.Replace(RedoRig.Node(2), 1, "1"u8));
        rig.Fails(EseError.BadLineCount, log => log.Add(LogRecordType.Delete, RedoRig.Node(2)));
        rig.Fails(EseError.BadLineCount, log => log.Add(LogRecordType.FlagDelete, RedoRig.Node(2)));
        rig.Fails(EseError.BadLineCount, log => log.Delta(RedoRig.Node(2), 1, 0, "x"u8, []));
        rig.Fails(EseError.DatabaseCorrupted, log => log.Insert(RedoRig.Node(0), [], "a"u8, []));
        rig.Fails(EseError.DatabaseCorrupted, log => log.Insert(RedoRig.Node(0), [], "a"u8, large));
        rig.Fails(EseError.DatabaseCorrupted, log => log.Insert(RedoRig.Node(0), [], large.AsSpan(0, 4000), large.AsSpan(300)));
        rig.Fails(EseError.DatabaseCorrupted, log => log.Replace(RedoRig.Node(0), 1, []));
        rig.Fails(EseError.LogFileCorrupt, log => log.ReplaceDifference(RedoRig.Node(0), pageBytes > 8192, 2, 2, []));
        rig.Fails(EseError.LogOperationInconsistentWithDatabase,
            log => log.FlagInsert(RedoRig.Node(0), "other"u8, "1"u8));
        foreach (ushort offset in new ushort[] { 1, 4, 65535 })
        {
            rig.Fails(EseError.LogOperationInconsistentWithDatabase,
                log => log.Delta(RedoRig.Node(1), 1, offset, "prefixB"u8, []));
        }

        rig.Fails(EseError.LogOperationInconsistentWithDatabase,
            log => log.Delta64(RedoRig.Node(1), 1, 0, "prefixB"u8, []));
        rig.Fails(EseError.LogFileCorrupt, log => log.Insert(RedoRig.Node(0, page: 0), [], "a"u8, "1"u8));
        rig.Fails(EseError.LogFileCorrupt, log => log.Insert(RedoRig.Node(0, page: uint.MaxValue), [], "a"u8, "1"u8));
        rig.Fails(EseError.LogFileCorrupt,
            log => log.Insert(RedoRig.Node(0, after: ulong.MaxValue), [], "a"u8, "1"u8));
        Assert.Equal(["prefixA=1", "prefixB=0123"], rig.Nodes(RedoRig.Leaf));
    }

    private static void Undo(RedoRig rig, int line, uint version, ulong after, NodeOperation operation, string key) =>
        rig.Apply(log => log.Undo(RedoRig.Node(line, version, after - 1, after), operation, 1, RedoRig.Bytes(key), []));

    private static NodeOperation? Taken(RedoRig rig, uint version, string key, string? oldData = null)
    {
        bool isKnown = rig.Versions.TryTake(
            rig.Context.Session, RedoRig.Node(0, version), RedoRig.Bytes(key), [], out var inverse);
        if (isKnown && oldData != null)
            Assert.Equal(RedoRig.Bytes(oldData), inverse.OldData.ToArray());
        return isKnown ? inverse.Operation : null;
    }
}

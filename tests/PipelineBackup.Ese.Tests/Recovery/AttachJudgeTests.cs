namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>Every row of the table by which a file is taken for the database of the logs, or not.</summary>
public sealed class AttachJudgeTests
{
    private static readonly Signature s_stream = Sign(1), s_other = Sign(2), s_third = Sign(3);
    private static readonly Signature s_database = Sign(10), s_stranger = Sign(11);

    [Theory]
    [InlineData("Missing", "List", "Defer")]
    [InlineData("Missing", "Attached", "Defer")]
    [InlineData("Missing", "Created", "Recreate")]
    [InlineData("NoPlace", "List", "Defer")]
    [InlineData("NoPlace", "Created", "Defer")]
    [InlineData("Denied", "List", "Defer")]
    [InlineData("Denied", "Created", "Defer")]
    [InlineData("Damaged", "List", "Fail -1018")]
    [InlineData("Damaged", "Attached", "Fail -1018")]
    [InlineData("Damaged", "Created", "Recreate")]
    [InlineData("Taken", "List", "Fail -1201")]
    [InlineData("Taken", "Created", "Fail -1201")]
    public void What_is_at_the_path_comes_first(string found, string origin, string expected)
    {
        var verdict = AttachJudge.Judge(Logged(Enum.Parse<AttachOrigin>(origin)), Scene(), Enum.Parse<FoundFile>(found), null);

        Assert.Equal(expected, Text(verdict));
        Assert.Equal(found == "Denied", verdict.IsDenied);
    }

    [Theory]
    [InlineData(1, "Defer", "Recreate")]
    [InlineData(0, "Fail -1206", "Recreate")]
    [InlineData(4, "Fail -1206", "Recreate")]
    [InlineData(5, "Fail -1206", "Recreate")]
    [InlineData(6, "Fail -1226", "Fail -1226")]
    [InlineData(8, "Fail -1935", "Fail -1935")]
    [InlineData(99, "Fail -1206", "Recreate")]
    public void The_state_comes_second(int state, string attached, string created)
    {
        var header = Header();
        header.State = (DatabaseState)state;

        Assert.Equal(attached, Text(Judge(AttachOrigin.List, header)));
        Assert.Equal(attached, Text(Judge(AttachOrigin.Attached, header)));
        Assert.Equal(created, Text(Judge(AttachOrigin.Created, header)));
    }

    [Fact]
    public void Formats_and_page_sizes_that_are_not_those_of_the_logs_are_refused()
    {
        var header = Header();
        header.Version = new(FormatVersion.CurrentMain, 300, 0);
        Assert.Equal("Fail -1209", Text(Judge(AttachOrigin.List, header)));

        var scene = Scene() with { PageSize = PageSize.Of(8192) };
        Assert.Equal("Fail -1213", Text(AttachJudge.Judge(Logged(AttachOrigin.List), scene, FoundFile.Database, Pair(Header()))));
    }

    // A database that was attached to this stream from another one: by a record that says so.
    [Theory]
    [InlineData(2, 10, 5, "NowAnew")]
    [InlineData(2, 11, 5, "Defer")]
    [InlineData(2, 10, 6, "Fail -551")]
    [InlineData(3, 10, 5, "Defer")]
    public void A_database_of_another_stream_is_taken_over_only_as_it_was_then(int stream, uint database, int consistent, string expected)
    {
        var header = Header(signature: Sign(database));
        (header.LogSignature, header.Consistent) = (Sign((uint)stream), At(consistent));
        var logged = new LoggedAttach(AttachOrigin.Attached, s_database, s_other, At(5), At(20));

        Assert.Equal(expected, Text(Judge(logged, header)));
    }

    [Fact]
    public void A_list_names_no_other_stream()
    {
        var header = Header();
        header.LogSignature = s_third;

        Assert.Equal("Defer", Text(Judge(AttachOrigin.List, header)));
    }

    // The columns: consistent and attach in the file; the same in the logs are 10 and 20, replay is at 30.
    [Theory]
    [InlineData("List", 10, 20, "Now")]
    [InlineData("Attached", 10, 20, "Now")]
    [InlineData("List", 0, 20, "Now")]
    [InlineData("List", 10, 15, "Fail -1216")]
    [InlineData("Attached", 10, 15, "NowAnew")]
    [InlineData("Attached", 0, 15, "NowAnew")]
    [InlineData("List", 10, 25, "Defer ahead")]
    [InlineData("Attached", 10, 25, "Defer ahead")]
    [InlineData("List", 25, 40, "Defer ahead")]
    [InlineData("List", 35, 40, "Defer ahead")]
    [InlineData("Attached", 35, 40, "Defer ahead")]
    [InlineData("Attached", 25, 40, "Fail -551")]
    [InlineData("Attached", 5, 20, "Fail -551")]
    [InlineData("List", 5, 20, "Fail -551")]
    public void A_database_of_the_stream_is_judged_by_its_place_in_it(string origin, int consistent, int attach, string expected)
    {
        var header = Header();
        (header.Consistent, header.Attach) = (At(consistent), At(attach));

        Assert.Equal(expected, Text(Judge(Enum.Parse<AttachOrigin>(origin), header)));
    }

    [Theory]
    [InlineData(10, 20)]
    [InlineData(10, 15)]
    [InlineData(10, 25)]
    [InlineData(5, 20)]
    [InlineData(25, 40)]
    public void Another_database_at_the_path_waits_for_its_turn(int consistent, int attach)
    {
        var header = Header(signature: s_stranger);
        (header.Consistent, header.Attach) = (At(consistent), At(attach));

        var verdict = Judge(AttachOrigin.Attached, header);

        Assert.Equal("Defer", Text(verdict));
    }

    [Fact]
    public void A_logged_place_that_lies_behind_its_record_is_left_over_and_counts_for_nothing()
    {
        var header = Header();
        (header.Consistent, header.Attach) = (default, At(15));
        var logged = new LoggedAttach(AttachOrigin.Attached, s_database, s_stream, At(90), At(20));

        Assert.Equal(default, logged.ConsistentHere);
        Assert.Equal("NowAnew", Text(Judge(logged, header)));
    }

    [Theory]
    [InlineData(1, 20, 0, "Now")]
    [InlineData(1, 20, 25, "Defer ahead")]
    [InlineData(1, 25, 0, "Defer ahead")]
    [InlineData(1, 15, 0, "Defer")]
    [InlineData(2, 20, 0, "Defer")]
    public void A_database_that_a_record_creates_may_be_there_already(uint stream, int attach, int consistent, string expected)
    {
        var header = Header();
        (header.LogSignature, header.Attach, header.Consistent) = (Sign(stream), At(attach), At(consistent));

        Assert.Equal(expected, Text(Judge(AttachOrigin.Created, header)));
    }

    [Theory]
    [InlineData(30, "Now")]
    [InlineData(31, "Now")]
    [InlineData(29, "Fail -543")]
    public void Replay_must_not_begin_behind_what_the_database_needs(int min, string expected)
    {
        var header = Header();
        header.MinRequired = new(min);

        Assert.Equal(expected, Text(Judge(AttachOrigin.List, header)));
    }

    [Theory]
    [InlineData(0, false, false, "Fail -544")]
    [InlineData(0, true, false, "Now trailer")]
    [InlineData(0, false, true, "Now")]
    [InlineData(28, false, false, "Now")]
    public void A_backup_copy_is_taken_when_it_was_restored_or_may_be_made_whole(int high, bool isAllowed, bool isHard, string expected)
    {
        var header = Header();
        header.CurrentFull = new(At(12), default, new(11), new(high));
        var scene = Scene() with { AllowBackupImages = isAllowed, IsHard = isHard };

        var verdict = AttachJudge.Judge(Logged(AttachOrigin.List), scene, FoundFile.Database, Pair(header));

        Assert.Equal(expected, Text(verdict));
    }

    [Theory]
    [InlineData(22, 25, "Now back")]
    [InlineData(22, 15, "Fail -1216")]
    [InlineData(15, 25, "Defer ahead")]
    [InlineData(0, 25, "Fail -1206")]
    [InlineData(22, 0, "Fail -1206")]
    public void A_database_with_patched_pages_goes_back_to_the_attaching_that_it_needs(int min, int attach, string expected)
    {
        var header = Header();
        (header.State, header.MinRequired, header.Attach) = (DatabaseState.DirtyAndPatchedShutdown, new(min), At(attach));

        Assert.Equal(expected, Text(Judge(AttachOrigin.List, header)));
    }

    [Fact]
    public void Any_header_is_judged_without_an_exception()
    {
        var random = new Random(4);
        for (int i = 0; i < 20_000; i++)
        {
            var header = Header();
            header.State = (DatabaseState)random.Next(9);
            header.LogSignature = Sign((uint)random.Next(1, 4));
            (header.Consistent, header.Attach) = (Any(random), Any(random));
            header.MinRequired = new(random.Next(-2, 40));
            header.CurrentFull = new(default, default, new(random.Next(2)), new(random.Next(2)));
            var logged = new LoggedAttach((AttachOrigin)random.Next(3), Sign((uint)random.Next(10, 12)),
                Sign((uint)random.Next(1, 4)), Any(random), Any(random));

            var verdict = Judge(logged, header);

            Assert.Equal(verdict.Decision == AttachDecision.Fail, verdict.Error != EseError.Success);
        }
    }

    private static LogPosition Any(Random random) => random.Next(5) == 0 ? default : At(random.Next(1, 50));

    private static AttachVerdict Judge(AttachOrigin origin, DatabaseHeaderWriter header) => Judge(Logged(origin), header);

    private static AttachVerdict Judge(in LoggedAttach logged, DatabaseHeaderWriter header) =>
        AttachJudge.Judge(logged, Scene(), FoundFile.Database, Pair(header));

    private static LoggedAttach Logged(AttachOrigin origin) => new(origin, s_database, s_stream, At(10), At(20));

    private static AttachScene Scene() => new(s_stream, At(30), PageSize.Of(4096), IsHard: false, AllowBackupImages: false);

    private static DatabaseHeaderWriter Header(Signature? signature = null)
    {
        var header = DatabaseHeaderWriter.Create(
            PageSize.Of(4096), FormatVersion.Newest, signature ?? s_database, s_stream, 1);
        (header.State, header.Consistent, header.Attach) = (DatabaseState.DirtyShutdown, At(10), At(20));
        return header;
    }

    private static HeaderPair Pair(DatabaseHeaderWriter header)
    {
        byte[] file = new byte[2 * 4096];
        header.Header.Bytes.CopyTo(file);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(file, HeaderChecksum.Compute(file.AsSpan(0, 4096)));
        return HeaderPair.Read(file);
    }

    private static string Text(AttachVerdict verdict) => verdict.Decision.ToString()
        + (verdict.Error == EseError.Success ? "" : $" {(int)verdict.Error}")
        + (verdict.IsAhead ? " ahead" : "") + (verdict.NeedsTrailer ? " trailer" : "") + (verdict.GoesBack ? " back" : "");

    private static LogPosition At(int generation) => generation == 0 ? default : new(new(generation), 1, 0);

    private static Signature Sign(uint number) => new(number, new LogTime(77));
}

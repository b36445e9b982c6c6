namespace PipelineBackup.Ese.Tests.Logs;

public sealed class LogFileNameTests
{
    [Theory]
    [InlineData("edb.log", "edb", LogFileKind.Current, 0)]
    [InlineData("EDB.LOG", "EDB", LogFileKind.Current, 0)]
    [InlineData("edb.jtx", "edb", LogFileKind.Current, 0)]
    [InlineData("E00.log", "E00", LogFileKind.Current, 0)]
    [InlineData("edb00001.log", "edb", LogFileKind.Numbered, 1)]
    [InlineData("edb0000001a.LOG", "edb", LogFileKind.Numbered, 0x1A)]
    [InlineData("E000000001A.jtx", "E00", LogFileKind.Numbered, 0x1A)]
    [InlineData("E0000000001.log", "E00", LogFileKind.Numbered, 1)]
    [InlineData("edbFFFFF.log", "edb", LogFileKind.Numbered, 0xFFFFF)]
    [InlineData("edb7FFFFFFF.log", "edb", LogFileKind.Numbered, 0x7FFFFFFF)]
    [InlineData("edbtmp.log", "edb", LogFileKind.Temporary, 0)]
    [InlineData("SRUtmp.jtx", "SRU", LogFileKind.Temporary, 0)]
    [InlineData("edbres00002.jrs", "edb", LogFileKind.Reserve, 2)]
    [InlineData("res1.log", "", LogFileKind.Reserve, 1)]
    [InlineData("RES2.LOG", "", LogFileKind.Reserve, 2)]
    [InlineData("edb.chk", "edb", LogFileKind.Checkpoint, 0)]
    [InlineData("edb.jcp", "edb", LogFileKind.Checkpoint, 0)]
    [InlineData("res00001.log", "res", LogFileKind.Numbered, 1)]
    public void A_name_says_what_the_file_is(string text, string baseName, LogFileKind kind, int number)
    {
        Assert.True(LogFileName.TryParse(text, out var name));
        Assert.Equal((baseName, kind, number), (name.Base, name.Kind, name.Number));
        Assert.Equal(kind == LogFileKind.Numbered ? number : 0, name.Generation.Value);
        Assert.Equal(text, name.ToString(), ignoreCase: true);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".log")]
    [InlineData("edb")]
    [InlineData("ed.log")]
    [InlineData("edb1.log")]
    [InlineData("edb0001.log")]
    [InlineData("edb000001.log")]
    [InlineData("edb0000001.log")]
    [InlineData("edb000000001.log")]
    [InlineData("edb0000G.log")]
    [InlineData("edb-0001.log")]
    [InlineData("edb 0001.log")]
    [InlineData("edb00000.log")]
    [InlineData("edb00000000.log")]
    [InlineData("edb80000000.log")]
    [InlineData("edbFFFFFFFF.log")]
    [InlineData("edb00001.RAW")]
    [InlineData("edb00001.log.bak")]
    [InlineData("edb00001.jsl")]
    [InlineData("edbres00000.jrs")]
    [InlineData("edbres0001.jrs")]
    [InlineData("edb.edb")]
    [InlineData("a.b.log")]
    [InlineData("res3.log")]
    public void Other_names_are_not_of_a_log_stream(string text) => Assert.False(LogFileName.TryParse(text, out _));

    [Theory]
    [InlineData(1, true, "edb00001.log")]
    [InlineData(0xFFFFF, true, "edbFFFFF.log")]
    [InlineData(0x100000, true, "edb00100000.log")]
    [InlineData(5, false, "edb00000005.log")]
    public void A_generation_is_written_with_five_or_eight_digits(int generation, bool isShort, string text) =>
        Assert.Equal(text, LogFileName.Numbered("edb", new(generation), isShort).ToString());
}

namespace PipelineBackup.Ese.Tests.Recovery;

public sealed class DatabaseMapTests
{
    private static readonly Signature s_any = new(1, new LogTime(1));

    [Theory]
    [InlineData(@"X:\c\db1.edb")]
    [InlineData(@"x:\C\DB1.EDB")]
    [InlineData("X:/c/db1.edb")]
    [InlineData(@"X:\c\\db1.edb")]
    [InlineData(@"X:\c\.\sub\..\db1.edb")]
    [InlineData(@"\\?\X:\c\db1.edb")]
    [InlineData("DB1.edb")]
    public void A_logged_path_is_compared_as_a_windows_path(string mapped)
    {
        var map = Map(new DatabaseMapping(mapped, "here"));

        Assert.Equal("here", map.Find(@"X:\c\db1.edb", s_any));
    }

    [Theory]
    [InlineData(@"X:\d\db1.edb")]
    [InlineData(@"\c\db1.edb")]
    [InlineData("db2.edb")]
    public void Another_path_is_not_the_mapped_one(string mapped)
    {
        var map = Map(new DatabaseMapping(mapped, "here"));

        Assert.NotEqual("here", map.Find(@"X:\c\db1.edb", s_any));
    }

    [Fact]
    public void A_logged_path_counts_only_where_it_is_one_of_the_system()
    {
        string here = Path.GetFullPath("db1.edb");

        Assert.Equal(here, Map().Find(here, s_any));
        Assert.Equal("", Map().Find("db1.edb", s_any));
        Assert.Equal(OperatingSystem.IsWindows() ? @"X:\c\db1.edb" : "", Map().Find(@"X:\c\db1.edb", s_any));
    }

    [Fact]
    public void A_whole_path_counts_before_a_file_name()
    {
        var map = Map(new DatabaseMapping("db1.edb", "there"), new DatabaseMapping(@"X:\c\db1.edb", "here"));

        Assert.Equal("here", map.Find(@"X:\c\db1.edb", s_any));
        Assert.Equal("there", map.Find(@"X:\d\db1.edb", s_any));
    }

    [Fact]
    public void A_database_under_another_name_is_found_by_its_signature()
    {
        string file = Path.Combine(GoldenSets.Small("clean-4096"), "files", "db1.edb");
        using var database = DatabaseFile.Open(file);
        var map = Map(new DatabaseMapping(@"Q:\renamed.edb", file));

        Assert.Equal(file, map.Find(@"X:\c\db1.edb", database.Header.Signature));
        Assert.NotEqual(file, map.Find(@"X:\c\db1.edb", s_any));
    }

    [Fact]
    public void What_is_not_mapped_is_left_out_or_in_the_folder_of_databases()
    {
        string folder = GoldenSets.NewFolder();
        File.WriteAllText(Path.Combine(folder, "DB1.edb"), "");
        var options = new RecoveryOptions { BaseName = "edb", LogDirectory = "logs", DatabaseDirectory = folder };

        Assert.Equal(Path.Combine(folder, "DB1.edb"), new DatabaseMap(options).Find(@"X:\c\db1.edb", s_any), ignoreCase: OperatingSystem.IsWindows());
        Assert.Equal(Path.Combine(folder, "db2.edb"), new DatabaseMap(options).Find(@"X:\c\db2.edb", s_any));
        Assert.Null(new DatabaseMap(options with { OnlyMapped = true }).Find(@"X:\c\db1.edb", s_any));
    }

    [Theory]
    [InlineData(@"X:\c\..", "_")]
    [InlineData(@"X:\c\", "_")]
    [InlineData("", "_")]
    [InlineData("a\0b", "_")]
    [InlineData(@"X:db1.edb", "db1.edb")]
    public void No_logged_path_leads_out_of_the_folder_of_databases(string logged, string expected) =>
        Assert.Equal(expected, DatabaseMap.NameOf(logged));

    [Fact]
    public void A_map_that_names_a_database_or_a_file_twice_is_refused()
    {
        Assert.Equal(EseError.DatabaseDuplicate, Assert.Throws<EseException>(() =>
            Map(new DatabaseMapping(@"X:\a.edb", "one"), new DatabaseMapping(@"x:/A.EDB", "two"))).Error);
        Assert.Equal(EseError.DatabaseDuplicate, Assert.Throws<EseException>(() =>
            Map(new DatabaseMapping(@"X:\a.edb", "one"), new DatabaseMapping(@"X:\b.edb", "./one"))).Error);
        Assert.Equal(EseError.InvalidParameter, Assert.Throws<EseException>(() => Map(new DatabaseMapping("", "one"))).Error);
    }

    private static DatabaseMap Map(params DatabaseMapping[] mappings) =>
        new(new() { BaseName = "edb", LogDirectory = "logs", Map = mappings });
}

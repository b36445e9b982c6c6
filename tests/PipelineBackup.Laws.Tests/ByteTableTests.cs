namespace PipelineBackup.Laws;

/// <summary>The byte tables above persisted types agree with their sizes, and a wrong one is caught.</summary>
public class ByteTableTests
{
    [Fact]
    public void Every_byte_table_accounts_for_its_type()
    {
        Law.Holds(ByteTables.Judge(SourceTree.OnDisk));
        Assert.InRange(ByteTables.Count(SourceTree.OnDisk), 15, 200);
    }

    [Theory]
    [InlineData("0    4  a", "2    6  b", "src/A.cs: the row at 2 begins before 4, where the one before it ends")]
    [InlineData("0    4  a", "4    8  b", "src/A.cs: no row ends at the size 8")]
    [InlineData("0    4  a", "4    2  b", "src/A.cs: no row ends at the size 8")]
    [InlineData("0    4  a", "9       rest", "src/A.cs: no row ends at the size 8")]
    [InlineData("0    4  a", "4    4  b", "")]
    [InlineData("0    4  a", "8       rest", "")]
    public void A_wrong_table_is_caught(string first, string second, string violation)
    {
        string text = $"""
            /// off size
            ///   {first}
            ///   {second}
            /// </code>
            public const int Size = 8;
            """;
        Assert.Equal(violation, string.Join('|', ByteTables.Judge(SourceTree.Of(("src/A.cs", text)))));
    }

    [Fact]
    public void A_column_before_the_offsets_is_passed_over()
    {
        string text = """
            /// column  off size
            ///   1       0    4  a
            ///   2       4    4  b
            /// </code>
            public const int Size = 8;
            """;
        Assert.Empty(ByteTables.Judge(SourceTree.Of(("src/A.cs", text))));
    }

    [Fact]
    public void Columns_side_by_side_are_read_one_after_the_other()
    {
        string text = """
            /// off size            off size
            ///   0    4  a           8    4  c
            ///   4    4  b          12    5  d
            /// </code>
            public const int Size = 16;
            """;
        Assert.Equal(
            ["src/A.cs: no row ends at the size 16"],
            ByteTables.Judge(SourceTree.Of(("src/A.cs", text))));
    }
}

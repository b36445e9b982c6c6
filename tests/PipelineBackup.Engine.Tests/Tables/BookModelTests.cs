using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>Tables of an engine beside a dictionary, through closing and being killed.</summary>
public sealed class BookModelTests
{
    [Fact]
    public void Tables_are_what_a_dictionary_would_be()
    {
        var done = new SortedDictionary<string, int>(StringComparer.Ordinal);
        Seeds.Each(120, random =>
        {
            var run = new BookRun(random.Next());
            run.Run(random.Next(20, 100));
            foreach (var (what, count) in run.Done)
                done[what] = done.GetValueOrDefault(what) + count;
        });
        string[] must =
        [
            "add", "begin 4", "body of more than 300 KB", "body of more than 4 KB", "close", "commit", "create index",
            "create table", "delete", "delete index", "delete many", "delete table", "duplicate", "insert", "killed",
            "killed in the middle", "killed with transactions open", "read a part", "roll back", "scan ", "scan by-name", "scan by-size", "scan by-tag",
            "seek", "seek a name", "seek a tag", "update",
        ];
        if (Seeds.Of(120).Count() >= 120)
            Assert.Empty(must.Except(done.Keys));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", done));
    }
}

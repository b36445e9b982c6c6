using System.Reflection;
using PipelineBackup.Engine;
using PipelineBackup.Ese;
using PipelineBackup.Sinks.AzureBlob;
using PipelineBackup.Sinks.FileSystem;
using PipelineBackup.Sinks.S3;
using PipelineBackup.Testing;

namespace PipelineBackup.Laws;

/// <summary>
/// What is shipped has the public surface that was approved. After a change that is meant, run the tests with
/// <c>PIPELINEBACKUP_APPROVE=1</c> and look at what changed in <c>PublicApi/</c>.
/// </summary>
public class PublicApiTests
{
    private static readonly Assembly[] s_shipped =
    [
        typeof(IBackupSink).Assembly, typeof(PageNumber).Assembly, typeof(BackupPipeline).Assembly,
        typeof(EmbeddedEngine).Assembly, typeof(SinkConformance).Assembly, typeof(FileSystemSink).Assembly,
        typeof(AzureBlobSinkFactory).Assembly, typeof(S3SinkFactory).Assembly,
    ];

    public static TheoryData<string> Shipped => [.. s_shipped.Select(assembly => assembly.GetName().Name!)];

    private static string Folder =>
        Path.Combine(GoldenSets.ProjectRoot, "tests", "PipelineBackup.Laws.Tests", "PublicApi");

    [Theory]
    [MemberData(nameof(Shipped))]
    public void The_public_surface_is_the_approved_one(string name)
    {
        Assert.SkipWhen(name == "PipelineBackup.Sinks.S3" && typeof(S3SinkFactory).Assembly.GetExportedTypes().Length == 1,
            "this build could not restore AWSSDK.S3, and has of the plugin only the factory that says so");
        string path = Path.Combine(Folder, name + ".txt");
        var shipped = s_shipped.Single(assembly => assembly.GetName().Name == name);
        // Without the provider's package a plugin has its factory only.
        Assert.SkipWhen(name.Contains(".Sinks.", StringComparison.Ordinal) && shipped.GetExportedTypes().Length == 1,
            "built without its parts");
        string now = PublicApi.Of(shipped);
        if (Environment.GetEnvironmentVariable("PIPELINEBACKUP_APPROVE") == "1")
            File.WriteAllText(path, now);
        string approved = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        string difference = Difference(approved, now);
        Assert.True(difference.Length == 0, $"{name} has another public surface than approved:\n{difference}");
    }

    [Fact]
    public void Every_approved_surface_is_of_something_shipped() =>
        Assert.Equal(
            Directory.EnumerateFiles(Folder).Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal),
            s_shipped.Select(assembly => assembly.GetName().Name).Order(StringComparer.Ordinal));

    [Fact]
    public void A_surface_shows_all_that_a_user_sees() => Assert.Equal(
        """
        abstract class PipelineBackup.Laws.Surface : IDisposable
            const int Limit = 7
            event Changed
            protected Surface(string name, int[]? items = default)
            protected abstract void Grow(in long by)
            required IReadOnlyList<string?> Names { get; init; }
            static bool TryFind<T>(string name, out T? found)
            virtual Task<string?> FindAsync(Dictionary<string, Point?> map, bool deep = true)
            void Dispose()

        """,
        PublicApi.Of(typeof(Surface)).ReplaceLineEndings("\n"));

    [Fact]
    public void A_record_shows_only_what_was_written() => Assert.Equal(
        """
        readonly record struct PipelineBackup.Laws.Point
            Point(int X, int Y)
            int X { get; init; }
            int Y { get; init; }

        """,
        PublicApi.Of(typeof(Point)).ReplaceLineEndings("\n"));

    [Fact]
    public void A_difference_is_told_line_by_line() =>
        Assert.Equal("in A\n  - x\n  + z\n", Difference("A\n    x\n    y\n\n", "A\n    y\n    z\n\n"));

    private static string Difference(string approved, string now)
    {
        var before = Lines(approved);
        var after = Lines(now);
        return string.Concat(before.Except(after).Select(line => (line.Type, Text: $"  - {line.Member}"))
            .Concat(after.Except(before).Select(line => (line.Type, Text: $"  + {line.Member}")))
            .GroupBy(line => line.Type)
            .Select(type => $"in {type.Key}\n{string.Concat(type.Select(line => line.Text + "\n"))}"));
    }

    private static List<(string Type, string Member)> Lines(string text)
    {
        var lines = new List<(string, string)>();
        string type = "";
        foreach (string line in text.Split('\n').Where(line => line.Length > 0))
        {
            if (!line.StartsWith(' '))
                type = line;
            lines.Add((type, line.StartsWith(' ') ? line.Trim() : "the type itself"));
        }

        return lines;
    }
}

/// <summary>A type with one of everything, to look at.</summary>
public abstract class Surface : IDisposable
{
    public const int Limit = 7;

    protected Surface(string name, int[]? items = null) => Hidden = name.Length + (items ?? []).Length;

    public event EventHandler? Changed;

    public required IReadOnlyList<string?> Names { get; init; }

    internal int Hidden { get; set; }

    public static bool TryFind<T>(string name, out T? found)
    {
        found = default;
        return name.Length > 0;
    }

    public virtual Task<string?> FindAsync(Dictionary<string, Point?> map, bool deep = true) =>
        Task.FromResult<string?>($"{map}{deep}");

    public void Dispose()
    {
        Changed?.Invoke(this, EventArgs.Empty);
        GC.SuppressFinalize(this);
    }

    protected abstract void Grow(in long by);
}

/// <summary>A record to look at.</summary>
public readonly record struct Point(int X, int Y);

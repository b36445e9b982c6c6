using PipelineBackup.Ese.Tests.Headers;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Catalog;

/// <summary>Databases that were closed cleanly: the small sets', and those of the corpus made to be so.</summary>
internal static class CleanDatabases
{
    private static readonly string[] s_small = ["clean-4096", "clean-32768"];

    /// <summary>Names of the sets.</summary>
    public static IEnumerable<string> Sets => s_small
        .Concat(GoldenSets.EngineSets.Where(set => set.StartsWith("clean-", StringComparison.Ordinal)))
        .Concat(GoldenSets.RealSets)
        .Distinct();

    /// <summary>Opens all of them, one after the other.</summary>
    public static IEnumerable<(string Set, DatabaseFile File)> Open()
    {
        foreach (string set in Sets)
        {
            string folder = s_small.Contains(set) ? GoldenSets.Small(set)
                : GoldenSets.EngineSets.Contains(set) ? GoldenSets.Engine(set)
                : GoldenSets.Real(set);
            foreach (string path in CorpusDatabases.In(folder))
            {
                using var file = OpenClean(path);
                if (file is not null)
                    yield return (set, file);
            }
        }
    }

    /// <summary>Whether a set comes from the engine of the corpus.</summary>
    public static bool IsOfEngine(string set) => set.StartsWith("clean-", StringComparison.Ordinal);

    private static DatabaseFile? OpenClean(string path)
    {
        try
        {
            var file = DatabaseFile.Open(path);
            if (file.Header.State == DatabaseState.CleanShutdown)
                return file;
            file.Dispose();
        }
        catch (EseException)
        {
            // Sets of real machines hold files of other kinds and newer formats.
        }

        return null;
    }
}

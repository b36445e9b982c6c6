using System.Diagnostics;
using System.Text;

namespace PipelineBackup.Golden;

/// <summary>
/// Somebody else's reader: <c>esedbexport</c> of libesedb (Debian's <c>libesedb-utils</c>). Tests that need it skip
/// without it.
/// </summary>
internal static class Esedbexport
{
    /// <summary>Skips the running test unless the program is there.</summary>
    public static void Require()
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        Assert.SkipUnless(folders.Any(folder => File.Exists(Path.Combine(folder, "esedbexport"))),
            "esedbexport (libesedb-utils) is not on this machine");
    }

    /// <summary>Exports a database.</summary>
    /// <param name="database">Its bytes.</param>
    /// <returns>What it said; and its tables by name, the first line the names of the columns; null when it failed.</returns>
    public static (string Said, Dictionary<string, string[][]>? Tables) Run(byte[] database)
    {
        string folder = GoldenSets.NewFolder("libesedb");
        string file = Path.Combine(folder, "exported.edb"), target = Path.Combine(folder, "tables");
        File.WriteAllBytes(file, database);
        using var process = Process.Start(new ProcessStartInfo("esedbexport", ["-t", target, file])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
            Environment = { ["LC_ALL"] = "C.UTF-8" },
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        string said = process.StandardError.ReadToEnd() + output.GetAwaiter().GetResult();
        process.WaitForExit();
        if (process.ExitCode != 0 || !Directory.Exists(target + ".export"))
            return (said, null);

        // Files are named table.number.
        var tables = Directory.EnumerateFiles(target + ".export").ToDictionary(
            path => Path.GetFileNameWithoutExtension(path), path => Lines(File.ReadAllText(path, Encoding.UTF8)));
        Directory.Delete(folder, recursive: true);
        return (said, tables);
    }

    private static string[][] Lines(string text) => [.. text.Split('\n')[..^1].Select(line => line.Split('\t'))];
}

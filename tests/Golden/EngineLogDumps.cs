using System.IO.Compression;

namespace PipelineBackup.Golden;

/// <summary>What the engine's own tool says of the logs of a set: the blocks of its <c>logdump.txt.gz</c>.</summary>
internal static class EngineLogDumps
{
    /// <summary>The dumps in their order; none when the set has no such file.</summary>
    /// <param name="folder">The set.</param>
    /// <returns>The name of each log, and the lines of its dump.</returns>
    public static IEnumerable<(string Name, string[] Lines)> Of(string folder)
    {
        string path = Path.Combine(folder, "logdump.txt.gz");
        if (!File.Exists(path))
            yield break;
        using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        string text = reader.ReadToEnd().Replace("\r", "", StringComparison.Ordinal);
        foreach (string block in text.Split("##### ", StringSplitOptions.RemoveEmptyEntries))
        {
            // Of one file the engine's tool left no more than the name.
            string[] lines = block.Split('\n');
            if (lines.Any(line => line.Contains("Last Lgpos", StringComparison.Ordinal)))
                yield return (lines[0].Trim(), lines[1..]);
        }
    }
}

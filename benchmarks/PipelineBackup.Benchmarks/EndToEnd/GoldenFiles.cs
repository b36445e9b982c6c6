using System.Formats.Tar;
using System.IO.Compression;

namespace PipelineBackup.Benchmarks.EndToEnd;

/// <summary>The small sets of the real engine that the project holds.</summary>
internal static class GoldenFiles
{
    /// <summary>Unpacks a set.</summary>
    /// <param name="set">Its name.</param>
    /// <param name="folder">Where to; made.</param>
    public static string Unpack(string set, string folder)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "PipelineBackup.sln")))
            root = root.Parent ?? throw new InvalidOperationException("the benchmarks run from a folder below the solution");
        Directory.CreateDirectory(folder);
        using var file = File.OpenRead(Path.Combine(root.FullName, "tests", "Golden", set + ".tar.gz"));
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        TarFile.ExtractToDirectory(gzip, folder, overwriteFiles: true);
        return folder;
    }
}

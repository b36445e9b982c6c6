using System.Formats.Tar;
using System.IO.Compression;

namespace PipelineBackup.Cli.Demo;

/// <summary>The sets of files that the program carries for its demonstration.</summary>
internal static class DemoSet
{
    private const string Files = "files/";

    /// <summary>Unpacks the database files of a set.</summary>
    /// <param name="name">Name of the resource without <c>.tar.gz</c>.</param>
    /// <param name="directory">Where to; made here.</param>
    /// <returns>How many bytes they are.</returns>
    public static long Unpack(string name, string directory)
    {
        Directory.CreateDirectory(directory);
        using var resource = typeof(DemoSet).Assembly.GetManifestResourceStream($"{name}.tar.gz")
            ?? throw new InvalidOperationException($"the program lacks its resource {name}.tar.gz");
        using var archive = new TarReader(new GZipStream(resource, CompressionMode.Decompress));
        long bytes = 0;
        while (archive.GetNextEntry() is { } entry)
        {
            int start = entry.Name.IndexOf(Files, StringComparison.Ordinal);
            if (start < 0 || entry.DataStream is null)
                continue;
            using var file = new FileStream(Path.Combine(directory, Path.GetFileName(entry.Name)), FileMode.CreateNew);
            entry.DataStream.CopyTo(file);
            bytes += file.Length;
        }

        return bytes;
    }

    /// <summary>Compares two files page by page.</summary>
    /// <returns>Number of pages, and how many differ; a page that only one has differs.</returns>
    public static (long Pages, long Different) Compare(string left, string right, int pageBytes)
    {
        using var a = File.OpenHandle(left);
        using var b = File.OpenHandle(right);
        long length = Math.Max(RandomAccess.GetLength(a), RandomAccess.GetLength(b)), pages = 0, different = 0;
        byte[] one = new byte[pageBytes], other = new byte[pageBytes];
        for (long offset = 0; offset < length; offset += pageBytes, pages++)
        {
            int first = Inspection.EseFile.Read(a, one, offset), second = Inspection.EseFile.Read(b, other, offset);
            different += one.AsSpan(0, first).SequenceEqual(other.AsSpan(0, second)) ? 0 : 1;
        }

        return (pages, different);
    }
}

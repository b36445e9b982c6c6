using System.Buffers.Binary;
using System.Formats.Tar;
using System.IO.Compression;
using PipelineBackup.Ese;

namespace PipelineBackup.Benchmarks.EndToEnd;

/// <summary>What the pages of a made database hold.</summary>
internal enum PageContent
{
    /// <summary>Pages that the real engine wrote, over and over, with number and checksum renewed.</summary>
    Golden,

    /// <summary>Half random and half repeated bytes: LZ4 makes half of them.</summary>
    HalfRandom,
}

/// <summary>Makes databases of any size out of a golden one: its headers, then as many valid pages as asked for.</summary>
internal static class DatabaseMaker
{
    private const int PageBytes = 4096;

    /// <summary>Writes a database of about so many bytes.</summary>
    public static void Make(string path, long bytes, PageContent content)
    {
        byte[] golden = ReadGolden();
        var pages = Enumerable.Range(2, golden.Length / PageBytes - 2).Select(i => golden.AsMemory(i * PageBytes, PageBytes))
            .Where(page => page.Span.ContainsAnyExcept((byte)0)).ToArray();
        if (content == PageContent.HalfRandom)
            pages = MakeHalfRandom(pages);
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None, preallocationSize: bytes);
        RandomAccess.Write(file, golden.AsSpan(0, 2 * PageBytes), 0);
        byte[] buffer = new byte[1 << 20];
        uint number = 1;
        for (long offset = 2 * PageBytes; offset < bytes; offset += buffer.Length)
        {
            for (int at = 0; at < buffer.Length; at += PageBytes, number++)
            {
                var page = buffer.AsSpan(at, PageBytes);
                pages[number % pages.Length].Span.CopyTo(page);
                PageChecksum.Write(page, new(number));
            }

            RandomAccess.Write(file, buffer, offset);
        }

        RandomAccess.FlushToDisk(file);
    }

    private static Memory<byte>[] MakeHalfRandom(Memory<byte>[] golden)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, 4096).Select(i =>
        {
            byte[] page = golden[i % golden.Length].ToArray();
            // Runs of 64 random bytes between runs of 64 repeated ones.
            for (int at = 64; at < page.Length; at += 128)
            {
                random.NextBytes(page.AsSpan(at, 64));
                page.AsSpan(at - (at == 64 ? 0 : 64), at == 64 ? 0 : 64).Fill((byte)at);
            }

            return page.AsMemory();
        })];
    }

    private static byte[] ReadGolden()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PipelineBackup.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("the benchmarks run from a folder below the solution");
        using var file = File.OpenRead(Path.Combine(folder.FullName, "tests", "Golden", "clean-4096.tar.gz"));
        using var tar = new TarReader(new GZipStream(file, CompressionMode.Decompress));
        while (tar.GetNextEntry() is { } entry)
        {
            if (!entry.Name.EndsWith(".edb", StringComparison.Ordinal))
                continue;
            using var copy = new MemoryStream();
            entry.DataStream!.CopyTo(copy);
            return copy.ToArray();
        }

        throw new InvalidOperationException("the golden set holds no database");
    }
}

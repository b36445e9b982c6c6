using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using PipelineBackup.Compression;

namespace PipelineBackup.Benchmarks;

/// <summary>
/// The managed LZ4 codec beside the system's library, on one thread. An operation is one block of 1 MiB (1.0486 MB), so
/// MB/s are 1,048,576 ÷ mean in µs. Both decompress what the library compressed.
/// </summary>
[MemoryDiagnoser]
[CategoriesColumn]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory, BenchmarkLogicalGroupRule.ByParams)]
public class Lz4Benchmarks
{
    private const int Blocks = 8, BlockLength = 1 << 20;

    private readonly byte[][] _compressed = new byte[Blocks][];
    private readonly byte[] _room = new byte[Lz4Codec.MaxCompressedLength(BlockLength)];
    private byte[] _plain = [];

    /// <summary>
    /// <c>pages</c>: a database of the real engine (ratio 0.12). <c>mixed</c>: pages of random bytes and text by turns
    /// (ratio 0.5).
    /// </summary>
    [Params("pages", "mixed")]
    public string Data { get; set; } = "";

    /// <summary>Makes the plain bytes and their blocks.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        _plain = Data == "pages" ? Pages() : Mixed();
        for (int block = 0; block < Blocks; block++)
        {
            int length = Library.Compress(Plain(block), _room);
            _compressed[block] = _room[..length];
        }

        double ratio = _compressed.Sum(block => block.Length) / (double)_plain.Length;
        Console.WriteLine($"// {Library.Name}, {Data}: ratio {ratio:F3}");
    }

    /// <summary>The library compresses.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Blocks), BenchmarkCategory("Compress")]
    public int NativeCompress() => Compress(Library);

    /// <summary>The managed codec compresses.</summary>
    [Benchmark(OperationsPerInvoke = Blocks), BenchmarkCategory("Compress")]
    public int ManagedCompress() => Compress(ManagedLz4.Instance);

    /// <summary>The library decompresses.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Blocks), BenchmarkCategory("Decompress")]
    public int NativeDecompress() => Decompress(Library);

    /// <summary>The managed codec decompresses.</summary>
    [Benchmark(OperationsPerInvoke = Blocks), BenchmarkCategory("Decompress")]
    public int ManagedDecompress() => Decompress(ManagedLz4.Instance);

    private static NativeLz4 Library =>
        NativeLz4.Instance ?? throw new InvalidOperationException("liblz4, to compare with, is not on this machine");

    private Span<byte> Plain(int block) => _plain.AsSpan(block * BlockLength, BlockLength);

    private int Compress(Lz4Codec codec)
    {
        int total = 0;
        for (int block = 0; block < Blocks; block++)
            total += codec.Compress(Plain(block), _room);
        return total;
    }

    private int Decompress(Lz4Codec codec)
    {
        int total = 0;
        foreach (byte[] block in _compressed)
            total += codec.Decompress(block, _room.AsSpan(0, BlockLength));
        return total;
    }

    private static byte[] Pages()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "PipelineBackup.sln")))
            folder = folder.Parent;
        if (folder is null)
            throw new InvalidOperationException("the benchmarks run from a folder below the solution");

        using FileStream file = File.OpenRead(Path.Combine(folder.FullName, "tests", "Golden", "clean-32768.tar.gz"));
        using var archive = new TarReader(new GZipStream(file, CompressionMode.Decompress));
        while (archive.GetNextEntry() is { } entry)
        {
            if (!entry.Name.EndsWith(".edb", StringComparison.Ordinal))
                continue;
            var pages = new byte[Blocks * BlockLength];
            entry.DataStream!.ReadExactly(pages);
            return pages;
        }

        throw new InvalidOperationException("the golden set holds no database");
    }

    private static byte[] Mixed()
    {
        const int page = 4096, noise = 770;
        ReadOnlySpan<string> words = ["page ", "log ", "checkpoint ", "the ", "of ", "generation ", "and ", "recovery ",
            "a ", "redo ", "undo ", "space ", "tree ", "is ", "catalog ", "column ", "index ", "long value ", "to ",
            "in ", "\r\n"];
        var random = new Random(20261120);
        var plain = new byte[Blocks * BlockLength];
        for (int at = 0; at < plain.Length; at += page)
        {
            random.NextBytes(plain.AsSpan(at, noise));
            Span<byte> text = plain.AsSpan(at + noise, page - noise);
            while (!text.IsEmpty)
            {
                string word = words[random.Next(words.Length)];
                int count = Math.Min(word.Length, text.Length);
                Encoding.ASCII.GetBytes(word.AsSpan(0, count), text);
                text = text[count..];
            }
        }

        return plain;
    }
}

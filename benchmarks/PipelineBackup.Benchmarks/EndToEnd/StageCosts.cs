using System.Diagnostics;
using System.Security.Cryptography;
using PipelineBackup.Compression;
using PipelineBackup.Ese;

namespace PipelineBackup.Benchmarks.EndToEnd;

/// <summary>
/// What each mandatory stage costs alone on one core, in seconds a GB of plain bytes, measured over the database that is then
/// backed up; and how many cores the processors of this machine are worth when all compress at once: two that share one
/// core's units are worth little more than one.
/// </summary>
internal sealed record StageCosts(double Read, double Inspect, double Crc, double Compress, double Hash, double Copy, double Write,
    double Fetch, double Decompress, double Restore, double Ratio, double EffectiveCores)
{
    private const int Chunk = 1 << 20;
    private const long Sample = 512L << 20;

    /// <summary>Core-seconds a GB that a backup cannot avoid.</summary>
    public double Backup => Read + Inspect + Crc + Compress + Ratio * (Hash + Copy + Write);

    /// <summary>Core-seconds a GB that a restore cannot avoid.</summary>
    public double RestoreWhole => Ratio * (Fetch + Hash) + Decompress + Crc + Inspect + Restore;

    /// <summary>Measures over the first part of a database.</summary>
    public static StageCosts Measure(string database, string scratch)
    {
        using var file = File.OpenHandle(database);
        byte[] plain = new byte[(int)Math.Min(Sample, RandomAccess.GetLength(file) / Chunk * Chunk)];
        byte[] packed = new byte[plain.Length];
        int[] lengths = new int[plain.Length / Chunk];
        double gb = plain.Length / 1e9;
        ReadAll(file, plain);
        double read = Time(gb, () => ReadAll(file, plain));
        double inspect = Time(gb, () => Each(plain, (chunk, first) =>
        {
            for (int at = 0; at < chunk.Length; at += 4096)
                PageInspector.Inspect(chunk.Slice(at, 4096), PageNumber.FromFileIndex(first + at / 4096), depth: InspectionDepth.Checksum);
        }));
        double crc = Time(gb, () => Each(plain, (chunk, _) => Crc32C.Of(chunk)));
        var codec = Lz4Codec.Best;
        double compress = Time(gb, () => Each(plain, (chunk, first) =>
            lengths[first / 256] = codec.Compress(chunk, packed.AsSpan((int)(first / 256) * Chunk, Chunk - 64))));
        long stored = lengths.Sum(length => (long)(length == 0 ? Chunk : length));
        double ratio = (double)stored / plain.Length;
        byte[] back = new byte[Chunk];
        double decompress = Time(gb, () => Each(plain, (_, first) =>
        {
            int i = (int)(first / 256);
            if (lengths[i] > 0)
                codec.Decompress(packed.AsSpan(i * Chunk, lengths[i]), back);
        }));
        double hash = Time(gb, () => Each(plain, (chunk, _) => SHA256.HashData(chunk)));
        double copy = Time(gb, () => Each(plain, (chunk, _) => chunk.CopyTo(back)));
        double write = Time(gb, () => WriteAll(Path.Combine(scratch, "stage.tmp"), plain));
        File.Delete(Path.Combine(scratch, "stage.tmp"));
        double together = Time(gb, () => Parallel.For(0, Environment.ProcessorCount, new() { MaxDegreeOfParallelism = Environment.ProcessorCount }, _ =>
        {
            byte[] own = new byte[Chunk];
            Each(plain, (chunk, _) => codec.Compress(chunk, own.AsSpan(0, Chunk - 64)));
        }));
        return new(read, inspect, crc, compress, hash, copy, write, read, decompress, write, ratio, Environment.ProcessorCount * compress / together);
    }

    private delegate void ChunkAction(ReadOnlySpan<byte> chunk, long firstPage);

    private static void Each(byte[] plain, ChunkAction action)
    {
        for (int at = 0; at < plain.Length; at += Chunk)
            action(plain.AsSpan(at, Chunk), at / 4096);
    }

    private static void ReadAll(Microsoft.Win32.SafeHandles.SafeFileHandle file, byte[] plain)
    {
        for (int at = 0; at < plain.Length; at += Chunk)
            RandomAccess.Read(file, plain.AsSpan(at, Chunk), at);
    }

    private static void WriteAll(string path, byte[] plain)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None, preallocationSize: plain.Length);
        for (int at = 0; at < plain.Length; at += Chunk)
            RandomAccess.Write(file, plain.AsSpan(at, Chunk), at);
    }

    // The best of three: what the stage can do, not what else the machine did.
    private static double Time(double gb, Action action)
    {
        double best = double.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            long started = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return best / gb;
    }
}

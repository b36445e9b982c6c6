using System.Text;
using PipelineBackup.Golden;

namespace PipelineBackup.Compression.Tests;

/// <summary>Plain bytes of many kinds, each kind and size made from a seed.</summary>
internal static class Samples
{
    private static readonly Lazy<byte[]> s_pages = new(() => File.ReadAllBytes(
        Path.Combine(GoldenSets.Small("clean-4096"), "files", "db1.edb")));

    public static string[] Kinds => ["zeros", "runs", "random", "text", "half", "near", "pages"];

    /// <summary>How many seeds a fuzz test runs: some hundreds, or what <c>PIPELINEBACKUP_SEEDS</c> says.</summary>
    public static int Seeds(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS"), out int seeds) ? seeds : usual;

    /// <summary>Both codecs, or the managed one alone where the library is absent.</summary>
    public static IEnumerable<Lz4Codec> Codecs =>
        NativeLz4.Instance is { } native ? [ManagedLz4.Instance, native] : [ManagedLz4.Instance];

    /// <summary>The library's codec. Skips the test without it.</summary>
    public static NativeLz4 RequireNative()
    {
        Assert.SkipWhen(NativeLz4.Instance is null, "liblz4 is not on this machine");
        return NativeLz4.Instance!;
    }

    public static byte[] Make(string kind, int length, int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[length];
        switch (kind)
        {
            case "zeros":
                break;
            case "runs":
                for (int at = 0; at < length;)
                {
                    int run = Math.Min(length - at, random.Next(4) == 0 ? random.Next(1, 2000) : random.Next(1, 40));
                    bytes.AsSpan(at, run).Fill((byte)random.Next(4));
                    at += run;
                }

                break;
            case "random":
                random.NextBytes(bytes);
                break;
            case "text":
                Text(random, bytes);
                break;
            case "half":
                for (int at = 0; at < length; at += 512)
                {
                    Span<byte> part = bytes.AsSpan(at, Math.Min(512, length - at));
                    if (at / 512 % 2 == 0)
                        Text(random, part);
                    else
                        random.NextBytes(part);
                }

                break;
            case "near":
                // Matches of every distance below 40, so that readers overlap them in all ways.
                for (int at = 0; at < length; at++)
                {
                    int period = 1 + at / 300 % 40;
                    bytes[at] = at % 300 < period ? (byte)random.Next(256) : bytes[at - period];
                }

                break;
            case "pages":
                byte[] pages = s_pages.Value;
                int start = random.Next(pages.Length / 4096) * 4096;
                for (int at = 0; at < length; at++)
                    bytes[at] = pages[(start + at) % pages.Length];
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind");
        }

        return bytes;
    }

    private static void Text(Random random, Span<byte> bytes)
    {
        ReadOnlySpan<string> words = ["page ", "log ", "checkpoint ", "the ", "of ", "generation ", "and ", "recovery ",
            "a ", "redo ", "undo ", "space ", "tree ", "is ", "catalog ", "column ", "index ", "long value ", "to ",
            "in ", "\r\n"];
        while (!bytes.IsEmpty)
        {
            byte[] word = Encoding.ASCII.GetBytes(words[random.Next(words.Length)]);
            if (random.Next(4) == 0)
                word[0] = (byte)random.Next('A', 'Z');
            int count = Math.Min(word.Length, bytes.Length);
            word.AsSpan(0, count).CopyTo(bytes);
            bytes = bytes[count..];
        }
    }
}

using System.Collections.Concurrent;
using PipelineBackup.Ese;

namespace PipelineBackup.Stores.Tests;

/// <summary>Databases of any length: the headers of a golden one, then valid pages that LZ4 makes half of.</summary>
internal static class LongDatabase
{
    private const int PageBytes = 4096;

    private static readonly ConcurrentDictionary<int, Lazy<string>> s_made = new();

    /// <summary>A directory with one, which nobody may change.</summary>
    /// <param name="mebibytes">Its length.</param>
    public static string Of(int mebibytes) => s_made.GetOrAdd(mebibytes, length => new(() => Make(length))).Value;

    private static string Make(int mebibytes)
    {
        string folder = GoldenSets.NewFolder("long");
        byte[] golden = File.ReadAllBytes(Path.Combine(GoldenSets.Small("clean-4096"), "files", "db1.edb"));
        byte[] page = golden.AsSpan(2 * PageBytes, PageBytes).ToArray();
        var random = new Random(mebibytes);
        using var file = File.OpenHandle(Path.Combine(folder, "db1.edb"), FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(file, golden.AsSpan(0, 2 * PageBytes), 0);
        byte[] run = new byte[1 << 20];
        uint number = 1;
        for (long offset = 2 * PageBytes; offset < (long)mebibytes << 20; offset += run.Length)
        {
            random.NextBytes(run);
            for (int at = 0; at < run.Length; at += PageBytes, number++)
            {
                var own = run.AsSpan(at, PageBytes);
                page.AsSpan(0, 64).CopyTo(own);
                for (int repeated = 128; repeated < PageBytes; repeated += 128)
                    own.Slice(repeated, 64).Fill((byte)repeated);
                PageChecksum.Write(own, new(number));
            }

            RandomAccess.Write(file, run, offset);
        }

        return folder;
    }
}

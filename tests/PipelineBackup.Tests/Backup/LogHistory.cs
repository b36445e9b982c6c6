using System.Buffers.Binary;
using PipelineBackup.Ese;
using PipelineBackup.Tests.Simulation;
using PipelineBackup.Tests.Sources;

namespace PipelineBackup.Tests.Backup;

/// <summary>
/// States that a log directory went through, made of a golden set that has logs 1 to 12: at generation k the logs below are
/// closed, and k is the current one, written to as far as wanted.
/// </summary>
internal sealed class LogHistory(Scratch scratch)
{
    public const int Newest = 12;

    private const int SegmentBytes = 4096;

    private static string Golden => Path.Combine(GoldenSets.Small("dirty-basic-4096"), "files");

    /// <summary>Makes a state.</summary>
    /// <param name="generation">The current generation.</param>
    /// <param name="segments">How many of its segments are written, the header counted; 32 for all.</param>
    /// <param name="from">The oldest log that is still there.</param>
    public string At(int generation, int segments = 32, int from = 1)
    {
        string folder = Directory.CreateDirectory(scratch[$"at-{generation}-{segments}-{from}-{Guid.NewGuid():N}"]).FullName;
        for (int log = from; log <= generation; log++)
        {
            string made = Path.Combine(folder, log == generation ? "edb.log" : Name(log));
            File.Copy(Original(log), made);
            if (log == generation && segments < 32)
                FileSurgery.Change(made, bytes => bytes.AsSpan(segments * SegmentBytes).Clear());
        }

        string database = Path.Combine(folder, "db1.edb");
        File.Copy(Path.Combine(Golden, "db1.edb"), database);
        var created = LogHeader.Read(File.ReadAllBytes(Original(generation)).AsSpan(0, LogHeader.Size)).Created;
        FileSurgery.RewriteHeaders(database, 4096, header =>
        {
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(300), generation);
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(416), generation);
            BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(348), created.Value);
            BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(672), created.Value);
        });
        return folder;
    }

    /// <summary>Name of a closed log.</summary>
    public static string Name(int generation) => $"edb{generation:X8}.log";

    /// <summary>The whole log of a generation.</summary>
    public static string Original(int generation) => Path.Combine(Golden, generation == Newest ? "edb.log" : Name(generation));
}

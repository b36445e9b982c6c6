using PipelineBackup.Ese;
using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Backup;

/// <summary>A source that fills several packs: a real database made long, and files of noise beside it.</summary>
internal static class LargeSource
{
    /// <summary>Makes it.</summary>
    /// <param name="databaseMebibytes">Length of the database.</param>
    /// <param name="noiseMebibytes">Length of each file of noise.</param>
    public static async Task<CapturedSource> MakeAsync(int databaseMebibytes, params int[] noiseMebibytes)
    {
        string folder = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        await using var session = await new FileSetSource(new() { Path = folder }).BeginAsync(new(), default);
        var file = session.Databases[0] with { Length = (long)databaseMebibytes << 20 };
        byte[] golden = await File.ReadAllBytesAsync(file.OriginalPath);
        byte[] database = new byte[file.Length];
        golden.AsSpan(0, 2 * 4096).CopyTo(database);
        int[] used = [.. Enumerable.Range(2, golden.Length / 4096 - 2).Where(page => golden.AsSpan(page * 4096, 4096).ContainsAnyExcept((byte)0))];
        for (int page = 2; page < database.Length / 4096; page++)
        {
            var own = database.AsSpan(page * 4096, 4096);
            // Runs of pages that were never written too, up to a whole run of the pipeline.
            if (page % 1024 > 600)
                continue;
            golden.AsSpan(used[page % used.Length] * 4096, 4096).CopyTo(own);
            PageChecksum.Write(own, PageNumber.FromFileIndex(page));
        }

        var noise = noiseMebibytes.Select((mebibytes, i) =>
        {
            byte[] bytes = new byte[(mebibytes << 20) + 1000 * i];
            new Random(i).NextBytes(bytes);
            return (new SourceFile
            {
                Kind = SourceFileKind.StreamingCompanion, Name = $"noise{i}.stm", Role = file.Name, OriginalPath = $"/noise{i}.stm", Length = bytes.Length, PageSize = 4096,
            }, bytes);
        });
        return new(session.Stamp, [(file, database)], [.. noise]);
    }
}

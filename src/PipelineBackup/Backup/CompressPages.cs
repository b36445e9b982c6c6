using PipelineBackup.Compression;
using PipelineBackup.Flow;

namespace PipelineBackup.Backup;

/// <summary>
/// The room that makes a run's LZ4 frame, into the run's own second slab: CRC-32C of the plain pages, then one block. Pages
/// that do not get smaller are stored as they are, out of the first slab.
/// </summary>
internal static class CompressPages
{
    private const int Around = Lz4Frame.HeaderLength + Lz4Frame.BlockWordLength;

    /// <summary>Compresses a run; a run of zeros needs no frame.</summary>
    public static void Compress(PageRun run, Lz4Codec codec)
    {
        if (run.IsZero)
            return;
        var plain = run.Plain.Span;
        var space = run.FrameSpace.Span;
        run.Crc32C = Crc32C.Of(plain);
        Lz4Frame.WriteHeader(space, plain.Length);
        int room = Math.Min(plain.Length - 1, space.Length - Around - Lz4Frame.EndMarkLength);
        int stored = codec.Compress(plain, space.Slice(Around, room));
        Lz4Frame.WriteBlockWord(space[Lz4Frame.HeaderLength..], stored > 0 ? stored : plain.Length, isRaw: stored == 0);
        Lz4Frame.WriteEndMark(space[(Around + stored)..]);
        run.Frame = stored > 0
            ? (run.FrameSpace[..(Around + stored + Lz4Frame.EndMarkLength)], default, default)
            : (run.FrameSpace[..Around], run.Plain, run.FrameSpace.Slice(Around, Lz4Frame.EndMarkLength));
    }
}

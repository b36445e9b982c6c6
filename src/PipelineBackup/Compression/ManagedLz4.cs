namespace PipelineBackup.Compression;

/// <summary>The LZ4 codec written here, for machines without the library. Little-endian processors only.</summary>
internal sealed class ManagedLz4 : Lz4Codec
{
    private ManagedLz4()
    {
    }

    /// <summary>The codec.</summary>
    public static ManagedLz4 Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "managed";

    /// <inheritdoc/>
    protected override unsafe int CompressBlock(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* from = source, to = destination)
            return Lz4BlockWriter.Write(from, source.Length, to, destination.Length);
    }

    /// <inheritdoc/>
    protected override unsafe int DecompressBlock(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* from = source, to = destination)
            return Lz4BlockReader.Read(from, source.Length, to, destination.Length);
    }
}

namespace PipelineBackup.Compression;

/// <summary>
/// The seam between the archive and whoever compresses: one LZ4 block in, one block out. Two codecs stand behind it,
/// the system's library and a managed one, and a third can. They read each other's blocks but write different bytes.
/// </summary>
/// <remarks>
/// A codec has no state of its own: any number of threads may share it. It allocates nothing for each block.
/// It writes only inside the destination, but what lies in the destination beyond the length that it returns is
/// undefined.
/// </remarks>
internal abstract class Lz4Codec
{
    /// <summary>Environment variable that chooses a codec: <c>managed</c> or <c>native</c>.</summary>
    public const string Variable = "PIPELINEBACKUP_LZ4";

    /// <summary>The longest source that the block format takes; longer ones do not compress.</summary>
    public const int MaxSourceLength = 0x7E00_0000;

    private static readonly Lazy<Lz4Codec> s_best = new(() =>
        Choose(Environment.GetEnvironmentVariable(Variable), NativeLz4.Instance));

    /// <summary>
    /// The codec of this process: the system's library where there is one, unless the environment says otherwise.
    /// </summary>
    /// <exception cref="BackupException">The environment forces a codec that is not here or does not exist.</exception>
    /// <exception cref="PlatformNotSupportedException">
    /// The processor is big-endian and the library is absent.
    /// </exception>
    public static Lz4Codec Best => s_best.Value;

    /// <summary>What it is, with the library's version, for reports.</summary>
    public abstract string Name { get; }

    /// <summary>Length that holds the block of any source of the given length.</summary>
    /// <param name="sourceLength">Length of the source in bytes, at most <see cref="MaxSourceLength"/>.</param>
    public static int MaxCompressedLength(int sourceLength) => sourceLength + sourceLength / 255 + 16;

    /// <summary>Compresses into one block.</summary>
    /// <param name="source">The plain bytes. They must not change meanwhile nor overlap the destination.</param>
    /// <param name="destination">Where the block goes; may be shorter than the worst case.</param>
    /// <returns>Length of the block; 0 when it does not fit, which is the moment to store the bytes raw.</returns>
    public int Compress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (destination.IsEmpty || source.Length > MaxSourceLength)
            return 0;
        if (!source.IsEmpty)
            return CompressBlock(source, destination);
        destination[0] = 0;
        return 1;
    }

    /// <summary>Decompresses one block. The bytes may be hostile.</summary>
    /// <param name="source">
    /// The block, neither more nor less. It must not change meanwhile nor overlap the destination.
    /// </param>
    /// <param name="destination">
    /// Where the plain bytes go: exactly as long as they are. A longer one is not an error, but rules of the format
    /// about the end of a block are then held against the end of the destination.
    /// </param>
    /// <returns>
    /// Count of plain bytes, at most the length of the destination; -1 when the block is malformed or holds more.
    /// </returns>
    public int Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.IsEmpty)
            return -1;
        if (!destination.IsEmpty)
            return Math.Max(-1, DecompressBlock(source, destination));
        return source is [0] ? 0 : -1;
    }

    /// <summary>Chooses a codec.</summary>
    /// <param name="wanted">What <see cref="Variable"/> says; null or empty for no wish.</param>
    /// <param name="native">The system's library, null where it is absent.</param>
    internal static Lz4Codec Choose(string? wanted, NativeLz4? native) => wanted switch
    {
        null or "" => (Lz4Codec?)native ?? Managed(),
        "managed" => Managed(),
        "native" => native ?? throw new BackupException($"{Variable}=native, but the system has no LZ4 library")
        {
            Hint = "Install liblz4 (Debian: liblz4-1, macOS: brew install lz4, Windows: liblz4.dll beside the program), "
                + "or unset the variable.",
        },
        _ => throw new BackupException($"{Variable}={wanted} names no LZ4 codec")
        {
            Hint = "Say native or managed, or unset the variable.",
            ExitCode = ExitCode.Usage,
        },
    };

    /// <summary>Compresses; neither side is empty.</summary>
    protected abstract int CompressBlock(ReadOnlySpan<byte> source, Span<byte> destination);

    /// <summary>Decompresses; neither side is empty. Any negative number says malformed.</summary>
    protected abstract int DecompressBlock(ReadOnlySpan<byte> source, Span<byte> destination);

    private static ManagedLz4 Managed() => BitConverter.IsLittleEndian
        ? ManagedLz4.Instance
        : throw new PlatformNotSupportedException("the managed LZ4 codec needs a little-endian processor; install liblz4");
}

using System.Buffers.Binary;
using System.Text;

namespace PipelineBackup.Ese;

/// <summary>
/// The settings of the engine that wrote a log or checkpoint ("DBMS_PARAM"). Nothing of it is needed to replay.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0  261  system path, ANSI, ends with zero
/// 261  261  log path, the same
/// 522    1  bit 0: circular logging
/// 523    4  sessions
/// 527    4  open tables
/// 531    4  version pages
/// 535    4  cursors
/// 539    4  log buffers, in 512 bytes
/// 543    4  sectors in a log file
/// 547    4  largest cache, in pages
/// 551   16  not used
/// </code>
/// </remarks>
public readonly struct InstanceParameters
{
    /// <summary>Stored length in bytes.</summary>
    public const int Size = 567;

    private const int PathBytes = 261;
    private readonly ReadOnlyMemory<byte> _bytes;

    /// <summary>A view of stored settings.</summary>
    /// <param name="bytes">At least 567 bytes.</param>
    /// <exception cref="ArgumentException">There are fewer.</exception>
    public InstanceParameters(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < Size)
            throw new ArgumentException($"instance parameters take {Size} bytes", nameof(bytes));
        _bytes = bytes[..Size];
    }

    /// <summary>Folder of the checkpoint, as its engine knew it; not reliable beyond ASCII.</summary>
    public string SystemPath => Text(0);

    /// <summary>Folder of the logs, as their engine knew it; not reliable beyond ASCII.</summary>
    public string LogPath => Text(PathBytes);

    /// <summary>Whether logs below the checkpoint were reused.</summary>
    public bool IsCircular => (_bytes.Span[522] & 1) != 0;

    /// <summary>Most sessions.</summary>
    public uint Sessions => Number(523);

    /// <summary>Most open tables.</summary>
    public uint OpenTables => Number(527);

    /// <summary>Most version pages.</summary>
    public uint VersionPages => Number(531);

    /// <summary>Most cursors.</summary>
    public uint Cursors => Number(535);

    /// <summary>Log buffers, in units of 512 bytes.</summary>
    public uint LogBuffers => Number(539);

    /// <summary>Sectors in a log file.</summary>
    public uint LogFileSectors => Number(543);

    /// <summary>Largest cache, in pages.</summary>
    public uint CachePages => Number(547);

    /// <summary>The settings as stored.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.Span;

    private uint Number(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Span[offset..]);

    private string Text(int offset)
    {
        var text = _bytes.Span.Slice(offset, PathBytes);
        int end = text.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? text : text[..end]);
    }
}

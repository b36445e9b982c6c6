namespace PipelineBackup.Compression;

/// <summary>
/// What reading a frame came to. Anything but <see cref="Done"/> and <see cref="End"/> leaves the results empty.
/// </summary>
internal enum Lz4FrameStatus
{
    /// <summary>Read.</summary>
    Done,

    /// <summary>There are no more bytes: the last frame ended exactly here.</summary>
    End,

    /// <summary>The bytes end inside the frame. With more of them the same call may succeed.</summary>
    Incomplete,

    /// <summary>Neither a data frame nor a skippable one starts here.</summary>
    UnknownMagic,

    /// <summary>The frame is of a version that does not exist yet.</summary>
    UnsupportedVersion,

    /// <summary>The header does not match its own checksum.</summary>
    HeaderChecksumMismatch,

    /// <summary>The header sets reserved bits or an unknown block size.</summary>
    BadHeader,

    /// <summary>A standard frame whose blocks need the blocks before them (<c>lz4 -BD</c>); not supported.</summary>
    UnsupportedLinkedBlocks,

    /// <summary>A standard frame with a checksum after each block (<c>lz4 -BX</c>); not supported.</summary>
    UnsupportedBlockChecksum,

    /// <summary>
    /// A standard frame with a checksum at its end (<c>lz4</c> without <c>--no-frame-crc</c>); not supported.
    /// </summary>
    UnsupportedContentChecksum,

    /// <summary>A standard frame that needs a dictionary (<c>lz4 -D</c>); not supported.</summary>
    UnsupportedDictionary,

    /// <summary>A block claims to be longer than the frame allows.</summary>
    BadBlockLength,

    /// <summary>A block is malformed or holds more than it may.</summary>
    BadBlock,

    /// <summary>The blocks hold more or less than the header says.</summary>
    ContentLengthMismatch,

    /// <summary>The frame is sound as far as seen, but holds more than there is room for.</summary>
    DestinationTooShort,
}

namespace PipelineBackup.Ese;

/// <summary>How a value is compressed: the upper five bits of its first byte.</summary>
public enum CompressionScheme : byte
{
    /// <summary>Not compressed; no stored value says so.</summary>
    None = 0,

    /// <summary>Seven bits a byte.</summary>
    SevenBitAscii = 1,

    /// <summary>Seven bits a UTF-16 unit.</summary>
    SevenBitUnicode = 2,

    /// <summary>Plain LZ77.</summary>
    Xpress = 3,

    /// <summary>Overwritten on purpose: there is nothing left to decompress.</summary>
    Scrub = 4,

    /// <summary>LZ77 with Huffman codes, checked by a CRC.</summary>
    Xpress9 = 5,

    /// <summary>Not published; cannot be read here.</summary>
    Xpress10 = 6,

    /// <summary>One raw LZ4 block.</summary>
    Lz4 = 7,
}

using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>A database is created.</summary>
/// <remarks>
/// <code>
/// off size
///   1    2  session
///   3    1  database
///   4    4  options of the call
///   8    4  largest size in pages; 0 = none
///  12   28  signature
/// </code>
/// </remarks>
/// <param name="Session">Number of the session.</param>
/// <param name="Database">Number of the database.</param>
/// <param name="Options">Options of the call ("grbit").</param>
/// <param name="MaxPages">Largest size in pages; 0 for none.</param>
/// <param name="Signature">Its signature.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct DatabaseCreation(
    ushort Session, byte Database, uint Options, uint MaxPages, Signature Signature);

/// <summary>
/// A database is created: <see cref="LogRecordType.CreateDatabase"/>. Its position is that of the attaching.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0   40  type, <see cref="DatabaseCreation"/>
///  40    2  length of the path
///  42    1  flags: 4 there is a version, 8 the path is UTF-16, 0x10 sparse file
///  43    4  only with flag 4: version of the creating and its update
///  43/47    path, ends with zero
/// </code>
/// </remarks>
public readonly ref struct CreateDatabaseRecord
{
    internal const int Fixed = 43;
    internal const byte VersionFlag = 4, UnicodeFlag = 8, SparseFlag = 0x10;

    private readonly ReadOnlySpan<byte> _bytes;

    internal CreateDatabaseRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>What is created.</summary>
    public ref readonly DatabaseCreation Creation => ref RecordField.At<DatabaseCreation>(_bytes, 1);

    /// <summary>The flags as stored.</summary>
    public byte Flags => _bytes[42];

    /// <summary>Whether the file is sparse.</summary>
    public bool IsSparse => (Flags & SparseFlag) != 0;

    /// <summary>Version of the creating: 1 writes pages unlogged, 2 logs all. 1 when not stored.</summary>
    public ushort Version => HasVersion ? (ushort)RecordField.Short(_bytes, Fixed) : (ushort)1;

    /// <summary>Its update.</summary>
    public ushort VersionUpdate => HasVersion ? (ushort)RecordField.Short(_bytes, Fixed + 2) : (ushort)0;

    /// <summary>The path as stored.</summary>
    public ReadOnlySpan<byte> PathBytes => _bytes[(Fixed + (HasVersion ? 4 : 0))..];

    /// <summary>The path.</summary>
    public string Path => (Flags & UnicodeFlag) != 0 ? RecordText.Utf16(PathBytes) : RecordText.Ansi(PathBytes);

    private bool HasVersion => (Flags & VersionFlag) != 0;
}

/// <summary>A database is attached.</summary>
/// <remarks>
/// <code>
/// off size
///   1    2  session
///   3    1  database
///   4    4  largest size in pages; 0 = none
///   8    8  position at which it was consistent
///  16   28  its signature
///  44   28  signature of its log stream
/// </code>
/// </remarks>
/// <param name="Session">Number of the session.</param>
/// <param name="Database">Number of the database.</param>
/// <param name="MaxPages">Largest size in pages; 0 for none.</param>
/// <param name="Consistent">Position at which it was consistent.</param>
/// <param name="Signature">Its signature.</param>
/// <param name="LogSignature">Signature of its log stream.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct DatabaseAttachment(
    ushort Session, byte Database, uint MaxPages, LogPosition Consistent, Signature Signature, Signature LogSignature);

/// <summary>A database is attached: <see cref="LogRecordType.AttachDatabase"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   0   72  type, <see cref="DatabaseAttachment"/>
///  72    2  length of the path
///  74    1  flags: 8 the path is UTF-16, 0x10 sparse file
///  75       path, ends with zero
/// </code>
/// </remarks>
public readonly ref struct AttachDatabaseRecord
{
    internal const int Fixed = 75;

    private readonly ReadOnlySpan<byte> _bytes;

    internal AttachDatabaseRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>What is attached.</summary>
    public ref readonly DatabaseAttachment Attachment => ref RecordField.At<DatabaseAttachment>(_bytes, 1);

    /// <summary>The flags as stored.</summary>
    public byte Flags => _bytes[74];

    /// <summary>Whether the file is sparse.</summary>
    public bool IsSparse => (Flags & CreateDatabaseRecord.SparseFlag) != 0;

    /// <summary>The path as stored.</summary>
    public ReadOnlySpan<byte> PathBytes => _bytes[Fixed..];

    /// <summary>The path.</summary>
    public string Path => (Flags & CreateDatabaseRecord.UnicodeFlag) != 0
        ? RecordText.Utf16(PathBytes)
        : RecordText.Ansi(PathBytes);
}

/// <summary>A database is detached: <see cref="LogRecordType.DetachDatabase"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   0    1  type
///   1    2  session
///   3    1  database
///   4    2  length of the path
///   6    1  flags: 0x10 the path is UTF-16 (another bit than in the records of attaching)
///   7       path, ends with zero
/// </code>
/// </remarks>
public readonly ref struct DetachDatabaseRecord
{
    internal const int Fixed = 7;
    internal const byte UnicodeFlag = 0x10;

    private readonly ReadOnlySpan<byte> _bytes;

    internal DetachDatabaseRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Number of the session.</summary>
    public ushort Session => (ushort)RecordField.Short(_bytes, 1);

    /// <summary>Number of the database.</summary>
    public byte Database => _bytes[3];

    /// <summary>The flags as stored.</summary>
    public byte Flags => _bytes[6];

    /// <summary>The path as stored.</summary>
    public ReadOnlySpan<byte> PathBytes => _bytes[Fixed..];

    /// <summary>The path.</summary>
    public string Path => (Flags & UnicodeFlag) != 0 ? RecordText.Utf16(PathBytes) : RecordText.Ansi(PathBytes);
}

using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace PipelineBackup.Ese;

/// <summary>
/// The two header pages at the start of a database, the page size they reveal, and the copy that counts. Reading them
/// never fails: what is wrong is told as a value, except by <see cref="Require"/>.
/// </summary>
/// <remarks>
/// <para>
/// A page size is tried after the other, from 2048 to 32768: it is the one when a copy has a right checksum over that
/// many bytes and names that size (or none, which means 4096). The primary stands at 0, the shadow one page behind it.
/// The engine writes the primary first, so where both are whole but differ the primary is the newer.
/// </para>
/// <para>
/// With neither copy whole the engine gives different numbers on its different ways (-1018 in recovery, -1206 in a
/// restore, -1209 or -1206 at an attach). Here it is always -1018, unless magic and main version are still legible and
/// name a format of the time before 0x620: then -1212, -1211, -1210 or -1209.
/// </para>
/// </remarks>
public sealed class HeaderPair
{
    /// <summary>Bytes from the start of the file that hold both copies whatever the page size: 65536.</summary>
    public const int StartBytes = 2 * 32768;

    private readonly byte[] _start;

    private HeaderPair(byte[] start)
    {
        _start = start;
        foreach (int bytes in PageSize.All)
        {
            bool primary = IsWhole(start, 0, bytes), shadow = IsWhole(start, bytes, bytes);
            if (!primary && !shadow)
                continue;
            PageSize = PageSize.Of(bytes);
            Primary = primary ? new DatabaseHeader(start.AsMemory(0, bytes)) : null;
            Shadow = shadow ? new DatabaseHeader(start.AsMemory(bytes, bytes)) : null;
            break;
        }

        Copies = (Primary, Shadow) switch
        {
            (null, null) => HeaderCopies.BothBad,
            (null, _) => HeaderCopies.PrimaryBad,
            (_, null) => HeaderCopies.ShadowBad,
            var (primary, shadow) => primary.Bytes.Span.SequenceEqual(shadow.Bytes.Span)
                ? HeaderCopies.Identical
                : HeaderCopies.Different,
        };
    }

    /// <summary>Which copies are whole.</summary>
    public HeaderCopies Copies { get; }

    /// <summary>The page size; 4096 when neither copy is whole.</summary>
    public PageSize PageSize { get; }

    /// <summary>The primary, when it is whole.</summary>
    public DatabaseHeader? Primary { get; }

    /// <summary>The shadow, when it is whole.</summary>
    public DatabaseHeader? Shadow { get; }

    /// <summary>The copy that counts; null when neither is whole.</summary>
    public DatabaseHeader? Header => Primary ?? Shadow;

    /// <summary>Whether a copy is whole.</summary>
    [MemberNotNullWhen(true, nameof(Header))]
    public bool IsReadable => Header is not null;

    /// <summary>Reads the two copies.</summary>
    /// <param name="start">
    /// The start of the file, <see cref="StartBytes"/> or as much as there is; copied.
    /// </param>
    public static HeaderPair Read(ReadOnlySpan<byte> start) =>
        new(start[..Math.Min(start.Length, StartBytes)].ToArray());

    /// <summary>Reads the two copies.</summary>
    /// <param name="file">The file, open for reading; it may be shorter than two pages.</param>
    /// <exception cref="IOException">The file system failed.</exception>
    public static HeaderPair Read(SafeFileHandle file)
    {
        using var wrapped = LocalDisk.Over(file, owned: false);
        return Read(wrapped);
    }

    /// <summary>Reads the two copies.</summary>
    /// <param name="file">The file, open for reading; it may be shorter than two pages.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public static HeaderPair Read(IDiskFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        byte[] start = new byte[StartBytes];
        return new(start[..file.Read(start, 0)]);
    }

    /// <summary>
    /// Whether a file is a database, by its bytes and whatever its name: the magic number and file type of the primary,
    /// or of a whole shadow. Says yes to a temporary database too, and to one whose headers are both damaged as long as
    /// one magic number is legible: that is a database to report, not a file to pass over.
    /// </summary>
    /// <param name="start">The start of the file, best <see cref="StartBytes"/> or as much as there is.</param>
    public static bool LooksLikeDatabase(ReadOnlySpan<byte> start)
    {
        if (HasDatabaseMagic(start))
            return true;
        foreach (int bytes in PageSize.All)
        {
            // A page of user data may hold anything; only a whole header one page in speaks against the primary.
            if (start.Length >= 2 * bytes && HasDatabaseMagic(start[bytes..]) && IsWhole(start, bytes, bytes))
                return true;
        }

        return false;
    }

    /// <summary>
    /// What a normal attach would say: -1018 and the numbers of old formats as described above when neither copy is
    /// whole, else <see cref="DatabaseHeader.Judge"/> of the copy that counts.
    /// </summary>
    public EseError Judge() => Header?.Judge() ?? Unreadable();

    /// <summary>The copy that counts, for those who cannot go on without.</summary>
    /// <param name="name">Name of the file, for the message.</param>
    /// <exception cref="EseException">
    /// Neither copy is whole, or what is there is no database of the main version 0x620: its error is that of
    /// <see cref="Judge"/>. States and newer updates do not count here.
    /// </exception>
    public DatabaseHeader Require(string name)
    {
        if (Header is not { } header)
        {
            var error = Unreadable();
            throw error == EseError.ReadVerifyFailure
                ? new EseException(error, $"{name}: both copies of the database header are damaged",
                    "Restore the file from a backup; without a header its pages cannot be placed.")
                : new EseException(error, $"{name}: a database of a format before 0x620",
                    "Upgrade it with an engine of its time.");
        }

        if (header.Magic != DatabaseHeader.ExpectedMagic || header.Version.Main != FormatVersion.CurrentMain)
        {
            throw new EseException(EseError.InvalidDatabaseVersion,
                $"{name}: no database of the main version 0x620 (magic 0x{header.Magic:x}, version {header.Version})");
        }

        return header;
    }

    private EseError Unreadable()
    {
        var start = _start.AsSpan();
        if (start.Length < 12 || BinaryPrimitives.ReadUInt32LittleEndian(start[4..]) != DatabaseHeader.ExpectedMagic)
            return EseError.ReadVerifyFailure;
        return BinaryPrimitives.ReadUInt32LittleEndian(start[8..]) switch
        {
            0x500 => EseError.Database500Format,
            0x400 => EseError.Database400Format,
            0x200 => EseError.Database200Format,
            < FormatVersion.CurrentMain => EseError.InvalidDatabaseVersion,
            _ => EseError.ReadVerifyFailure,
        };
    }

    private static bool HasDatabaseMagic(ReadOnlySpan<byte> page) => page.Length >= DatabaseHeader.Size
        && BinaryPrimitives.ReadUInt32LittleEndian(page[4..]) == DatabaseHeader.ExpectedMagic
        && (FileType)BinaryPrimitives.ReadUInt32LittleEndian(page[667..])
            is FileType.Unknown or FileType.Database or FileType.TemporaryDatabase;

    private static bool IsWhole(ReadOnlySpan<byte> start, int offset, int bytes)
    {
        if (start.Length < offset + bytes)
            return false;
        var page = start.Slice(offset, bytes);
        uint named = BinaryPrimitives.ReadUInt32LittleEndian(page[236..]);
        return (named == bytes || (named == 0 && bytes == 4096)) && HeaderChecksum.Verify(page);
    }
}

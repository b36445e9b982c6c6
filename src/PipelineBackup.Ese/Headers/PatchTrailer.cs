using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace PipelineBackup.Ese;

/// <summary>
/// The page behind the last page of a database that was streamed through the backup interface: what the header could
/// not know yet when it was copied.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0    4  checksum, as of a header, over the whole page
///   4   36  zero
///  40   24  bkinfo               genHigh: the last log that the copy needs
///  64   28  signDb
///  92   28  signLog
/// 120    4  genMinRequired       zero, as all below, in formats before 1568.160
/// 124    4  genMaxRequired
/// 128    4  genMaxCommitted
/// 132    8  time of genMaxRequired
/// 140    8  time of genMaxCommitted
/// 148       zero to the end of the page
/// </code>
/// A restore merges it into the header and fills the page with zeros; a zero page is therefore no trailer.
/// </remarks>
public sealed class PatchTrailer
{
    /// <summary>Bytes of the page that carry fields; the rest is zero.</summary>
    public const int Size = 148;

    private const uint FirstUpdateWithGenerations = 160;

    private readonly ReadOnlyMemory<byte> _page;

    /// <summary>A view over the page, whole or not.</summary>
    /// <param name="page">One page; anything shorter than 2048 bytes is a damaged trailer. Not copied.</param>
    public PatchTrailer(ReadOnlyMemory<byte> page)
    {
        IsIntact = page.Length >= PageSize.Min.Bytes && page.Length % 4 == 0 && HeaderChecksum.Verify(page.Span);
        _page = page.Length >= Size ? page : new byte[Size];
    }

    /// <summary>Whether the checksum is right. The values below mean something only then.</summary>
    public bool IsIntact { get; }

    /// <summary>The backup that made the copy, with its last log.</summary>
    public BackupInfo Backup => BackupInfo.Read(_page.Span[40..]);

    /// <summary>Identity of the database.</summary>
    public Signature Signature => Signature.Read(_page.Span[64..]);

    /// <summary>Identity of its log stream.</summary>
    public Signature LogSignature => Signature.Read(_page.Span[92..]);

    /// <summary>Oldest log that replay must start from, at the end of the copy.</summary>
    public LogGeneration MinRequired => Generation(120);

    /// <summary>
    /// Newest log whose changes may be in the copied pages: replay must reach it, even where the copied header
    /// names an older one.
    /// </summary>
    public LogGeneration MaxRequired => Generation(124);

    /// <summary>Newest log that had been opened at the end of the copy.</summary>
    public LogGeneration MaxCommitted => Generation(128);

    /// <summary>Creation time of the log <see cref="MaxRequired"/>.</summary>
    public LogTime MaxRequiredTime => LogTime.Read(_page.Span[132..]);

    /// <summary>Creation time of the log <see cref="MaxCommitted"/>.</summary>
    public LogTime MaxCommittedTime => LogTime.Read(_page.Span[140..]);

    /// <summary>Whether the fields from 120 on are filled; formats before 1568.160 leave them zero.</summary>
    public bool HasGenerations => _page.Span[120..Size].ContainsAnyExcept((byte)0);

    /// <summary>Reads the last page of a file, where a trailer stands if there is one.</summary>
    /// <param name="file">The file, open for reading.</param>
    /// <param name="pageSize">Page size of the database.</param>
    /// <returns>The page; not intact when the file holds no page behind its headers.</returns>
    /// <exception cref="IOException">The file system failed.</exception>
    public static PatchTrailer Read(SafeFileHandle file, PageSize pageSize)
    {
        using var wrapped = LocalDisk.Over(file, owned: false);
        return Read(wrapped, pageSize);
    }

    /// <summary>Reads the last page of a file, where a trailer stands if there is one.</summary>
    /// <param name="file">The file, open for reading.</param>
    /// <param name="pageSize">Page size of the database.</param>
    /// <returns>The page; not intact when the file holds no page behind its headers.</returns>
    /// <exception cref="IOException">The disk failed.</exception>
    public static PatchTrailer Read(IDiskFile file, PageSize pageSize)
    {
        ArgumentNullException.ThrowIfNull(file);
        long offset = file.Length - pageSize.Bytes;
        if (offset < (long)PageNumber.HeaderPages * pageSize.Bytes)
            return new(ReadOnlyMemory<byte>.Empty);
        byte[] page = new byte[pageSize.Bytes];
        return new(page.AsMemory(0, file.Read(page, offset)));
    }

    /// <summary>Makes the page.</summary>
    /// <param name="header">Header of the database as it is when the copy ends.</param>
    /// <param name="backup">The backup, with the last log that the copy needs.</param>
    internal static byte[] Create(DatabaseHeader header, BackupInfo backup)
    {
        byte[] page = new byte[header.Bytes.Length];
        backup.Write(page.AsSpan(40));
        header.Signature.Write(page.AsSpan(64));
        header.LogSignature.Write(page.AsSpan(92));
        if (header.Version.CompareTo(new(FormatVersion.CurrentMain, FirstUpdateWithGenerations, 0)) >= 0)
        {
            BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(120), header.MinRequired.Value);
            BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(124), header.MaxRequired.Value);
            BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(128), header.MaxCommitted.Value);
            header.MaxRequiredTime.Write(page.AsSpan(132));
            header.MaxCommittedTime.Write(page.AsSpan(140));
        }

        BinaryPrimitives.WriteUInt32LittleEndian(page, HeaderChecksum.Compute(page));
        return page;
    }

    /// <summary>Whether the trailer is whole and belongs to the database it stands in.</summary>
    /// <param name="header">Header of that database.</param>
    /// <returns>
    /// <see cref="EseError.Success"/>; -535 when the page is missing or damaged; -552 when signatures or backup mark
    /// are not those of the header, or the trailer names no last log.
    /// </returns>
    public EseError Judge(DatabaseHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        if (!IsIntact)
            return EseError.BadPatchPage;
        bool same = Signature == header.Signature && LogSignature == header.LogSignature
            && Backup.Mark == header.CurrentFull.Mark && Backup.HighGeneration != LogGeneration.None;
        return same ? EseError.Success : EseError.DatabasePatchFileMismatch;
    }

    private LogGeneration Generation(int offset) => new(BinaryPrimitives.ReadInt32LittleEndian(_page.Span[offset..]));
}

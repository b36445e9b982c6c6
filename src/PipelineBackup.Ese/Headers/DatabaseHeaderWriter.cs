using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>
/// Changes fields of a database header in a copy of its page, and writes the copy to the file. The fields have the
/// names of <see cref="DatabaseHeader"/>.
/// </summary>
internal sealed partial class DatabaseHeaderWriter
{
    // Written whole or not at all.
    private const int SectorBytes = 512;

    private readonly byte[] _page;

    /// <summary>Changes a header.</summary>
    /// <param name="header">The header; copied.</param>
    public DatabaseHeaderWriter(DatabaseHeader header)
        : this(header.Bytes.ToArray())
    {
    }

    private DatabaseHeaderWriter(byte[] page) => (_page, Header) = (page, new(page));

    /// <summary>The header as it stands: shows each change at once.</summary>
    public DatabaseHeader Header { get; }

    /// <inheritdoc cref="DatabaseHeader.DbTime"/>
    public DbTime DbTime
    {
        get => Header.DbTime;
        set => BinaryPrimitives.WriteUInt64LittleEndian(_page.AsSpan(16), value.Value);
    }

    /// <inheritdoc cref="DatabaseHeader.State"/>
    /// <remarks>Nothing but the number; see <see cref="SetState"/>.</remarks>
    public DatabaseState State
    {
        get => Header.State;
        set => Put(52, (uint)value);
    }

    /// <inheritdoc cref="DatabaseHeader.LastObject"/>
    public ObjectId LastObject
    {
        get => Header.LastObject;
        set => Put(212, value.Value);
    }

    /// <inheritdoc cref="DatabaseHeader.DatabaseId"/>
    public uint DatabaseId
    {
        get => Header.DatabaseId;
        set => Put(104, value);
    }

    /// <inheritdoc cref="DatabaseHeader.Version"/>
    public FormatVersion Version
    {
        get => Header.Version;
        set
        {
            Put(8, value.Main);
            Put(232, value.UpdateMajor);
            Put(644, value.UpdateMinor);
        }
    }

    /// <inheritdoc cref="DatabaseHeader.LogSignature"/>
    public Signature LogSignature
    {
        get => Header.LogSignature;
        set => value.Write(_page.AsSpan(108));
    }

    /// <inheritdoc cref="DatabaseHeader.Consistent"/>
    public LogPosition Consistent
    {
        get => Header.Consistent;
        set => value.Write(_page.AsSpan(56));
    }

    /// <inheritdoc cref="DatabaseHeader.ConsistentTime"/>
    public LogTime ConsistentTime
    {
        get => Header.ConsistentTime;
        set => value.Write(_page.AsSpan(64));
    }

    /// <inheritdoc cref="DatabaseHeader.Attach"/>
    public LogPosition Attach
    {
        get => Header.Attach;
        set => value.Write(_page.AsSpan(80));
    }

    /// <inheritdoc cref="DatabaseHeader.AttachTime"/>
    public LogTime AttachTime
    {
        get => Header.AttachTime;
        set => value.Write(_page.AsSpan(72));
    }

    /// <inheritdoc cref="DatabaseHeader.Detach"/>
    public LogPosition Detach
    {
        get => Header.Detach;
        set => value.Write(_page.AsSpan(96));
    }

    /// <inheritdoc cref="DatabaseHeader.DetachTime"/>
    public LogTime DetachTime
    {
        get => Header.DetachTime;
        set => value.Write(_page.AsSpan(88));
    }

    /// <inheritdoc cref="DatabaseHeader.Reattach"/>
    public LogPosition Reattach
    {
        get => Header.Reattach;
        set => value.Write(_page.AsSpan(572));
    }

    /// <inheritdoc cref="DatabaseHeader.ReattachTime"/>
    public LogTime ReattachTime
    {
        get => Header.ReattachTime;
        set => value.Write(_page.AsSpan(564));
    }

    /// <inheritdoc cref="DatabaseHeader.LastResize"/>
    public LogPosition LastResize
    {
        get => Header.LastResize;
        set => value.Write(_page.AsSpan(656));
    }

    /// <inheritdoc cref="DatabaseHeader.MinConsistent"/>
    public LogGeneration MinConsistent
    {
        get => Header.MinConsistent;
        set => Put(640, (uint)value.Value);
    }

    /// <inheritdoc cref="DatabaseHeader.MinRequired"/>
    public LogGeneration MinRequired
    {
        get => Header.MinRequired;
        set => Put(296, (uint)value.Value);
    }

    /// <inheritdoc cref="DatabaseHeader.MaxRequired"/>
    public LogGeneration MaxRequired
    {
        get => Header.MaxRequired;
        set => Put(300, (uint)value.Value);
    }

    /// <inheritdoc cref="DatabaseHeader.MaxCommitted"/>
    public LogGeneration MaxCommitted
    {
        get => Header.MaxCommitted;
        set => Put(416, (uint)value.Value);
    }

    /// <inheritdoc cref="DatabaseHeader.MaxRequiredTime"/>
    /// <remarks>Stays zero in formats that do not know it.</remarks>
    public LogTime MaxRequiredTime
    {
        get => Header.MaxRequiredTime;
        set => (KnowsRequiredTime ? value : default).Write(_page.AsSpan(672));
    }

    /// <inheritdoc cref="DatabaseHeader.MaxCommittedTime"/>
    public LogTime MaxCommittedTime
    {
        get => Header.MaxCommittedTime;
        set => value.Write(_page.AsSpan(348));
    }

    /// <inheritdoc cref="DatabaseHeader.Recovering"/>
    public LogGeneration Recovering
    {
        get => Header.Recovering;
        set => Put(536, (uint)value.Value);
    }

    /// <inheritdoc cref="DatabaseHeader.MinConsistentBeforeRedo"/>
    public LogGeneration MinConsistentBeforeRedo
    {
        get => Header.MinConsistentBeforeRedo;
        set => Put(680, (uint)value.Value);
    }

    /// <inheritdoc cref="DatabaseHeader.MinRequiredBeforeRedo"/>
    public LogGeneration MinRequiredBeforeRedo
    {
        get => Header.MinRequiredBeforeRedo;
        set => Put(684, (uint)value.Value);
    }

    /// <inheritdoc cref="DatabaseHeader.CurrentFull"/>
    public BackupInfo CurrentFull
    {
        get => Header.CurrentFull;
        set => value.Write(_page.AsSpan(184));
    }

    /// <inheritdoc cref="DatabaseHeader.CurrentSnapshot"/>
    public BackupInfo CurrentSnapshot
    {
        get => Header.CurrentSnapshot;
        set => value.Write(_page.AsSpan(316));
    }

    /// <summary>Sets the last full backup.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="type">How it was taken.</param>
    public void SetPreviousFull(BackupInfo backup, BackupInfoType type) => Put(136, 356, backup, type);

    /// <summary>Sets the last incremental backup.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="type">How it was taken.</param>
    public void SetPreviousIncremental(BackupInfo backup, BackupInfoType type) => Put(160, 360, backup, type);

    /// <summary>Sets the last copy backup.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="type">How it was taken.</param>
    public void SetPreviousCopy(BackupInfo backup, BackupInfoType type) => Put(420, 468, backup, type);

    /// <summary>Sets the last differential backup.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="type">How it was taken.</param>
    public void SetPreviousDifferential(BackupInfo backup, BackupInfoType type) => Put(444, 472, backup, type);

    /// <summary>
    /// Gives the header new flush signatures, so that no flush map that was made before is taken for its own.
    /// </summary>
    /// <param name="random">Two random numbers in one; neither half may be a number that was used before.</param>
    /// <param name="now">The time.</param>
    public void DisownFlushMap(ulong random, LogTime now)
    {
        new Signature((uint)random, now).Write(_page.AsSpan(584));
        new Signature((uint)(random >> 32), now).Write(_page.AsSpan(612));
    }

    /// <summary>Writes both copies to the file; a crash meanwhile leaves the old header or the new one.</summary>
    /// <param name="file">The database, open for writing.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Write(IDiskFile file)
    {
        ShadowedPage.Write(file, Seal().Span);
    }

    /// <summary>
    /// Writes both copies to a file that has none. What a crash leaves of the first one may lack its first sector, and
    /// with it all that tells the file from somebody else's: so that comes before the rest.
    /// </summary>
    /// <param name="file">The file, empty or all zero, open for writing.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public void WriteFirst(IDiskFile file)
    {
        file.Write(Seal().Span[..SectorBytes], 0);
        file.Flush();
        Write(file);
    }

    /// <summary>The page with its checksum; not copied.</summary>
    public ReadOnlyMemory<byte> Seal()
    {
        Put(0, HeaderChecksum.Compute(_page));
        return _page;
    }

    private bool KnowsRequiredTime => IsAtLeast(150);

    private bool KnowsLastResize => IsAtLeast(110);

    private bool IsAtLeast(uint update) =>
        Header.Version.CompareTo(new(FormatVersion.CurrentMain, update, 0)) >= 0;

    private void Put(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_page.AsSpan(offset), value);

    private void Put(int offset, int typeOffset, BackupInfo backup, BackupInfoType type)
    {
        backup.Write(_page.AsSpan(offset));
        Put(typeOffset, (uint)type);
    }
}

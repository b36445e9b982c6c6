using System.Globalization;

namespace PipelineBackup.Engine;

/// <summary>A database as one backup takes it: header as at the begin, pages as they are when they are read.</summary>
/// <remarks>
/// <code>
/// file of the backup    0        1        2 … n+1        n+2
///                     header   header   pages 1 … n    trailer
/// </code>
/// <para>
/// The header says that this is a copy, and where replay has to begin; how far it has to go is known only at the end
/// and stands in the trailer. Header and length are taken in the same moment: a header that knew of a growth which the
/// length does not have would let replay pass over it.
/// </para>
/// <para>A page that changes after it was copied, or comes to be behind the last one, is made again by replay.</para>
/// </remarks>
internal sealed class DatabaseCopy
{
    private readonly BackupInfo _backup;
    private readonly byte[] _header;
    private byte[]? _trailer;

    /// <summary>Takes header and length. With the engine's latch held.</summary>
    /// <param name="database">The database.</param>
    /// <param name="backup">The backup: its mark, and the first log it needs.</param>
    public DatabaseCopy(EngineDatabase database, BackupInfo backup)
    {
        (Database, _backup) = (database, backup);
        _header = database.HeaderOfCopy(backup);
        var header = new DatabaseHeader(_header);
        PageBytes = database.PageSize.Bytes;
        Pages = database.Cache.LastPage.Value;
        File = new()
        {
            Kind = SourceFileKind.Database,
            Name = Path.GetFileName(database.Path),
            OriginalPath = database.Path,
            Length = (Pages + PageNumber.HeaderPages + 1) * PageBytes,
            PageSize = PageBytes,
        };
        Stamp = new()
        {
            Name = File.Name,
            Signature = header.Signature.ToHex(),
            State = header.State.ToString(),
            MinRequired = Math.Min(backup.LowGeneration.Value, header.MinRequired.Value),
            MaxRequired = header.MaxRequired.Value,
            MaxCommitted = header.MaxCommitted.Value,
            NeedsRecovery = true,
            Position = Text(header.Consistent),
        };
    }

    /// <summary>The database.</summary>
    public EngineDatabase Database { get; }

    /// <summary>The file that the session offers.</summary>
    public SourceFile File { get; }

    /// <summary>What the stamp says of it.</summary>
    public DatabaseStamp Stamp { get; }

    /// <summary>Page size in bytes.</summary>
    public int PageBytes { get; }

    /// <summary>Pages between headers and trailer.</summary>
    public long Pages { get; }

    /// <summary>Whether it was read to its end.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Reads pages of the copy.</summary>
    /// <param name="file">The database's file, opened by the reader.</param>
    /// <param name="offset">Where to begin, in the file of the backup.</param>
    /// <param name="buffer">Takes whole pages.</param>
    /// <returns>Bytes read: all of the buffer, or what is left of the file.</returns>
    public int Read(IDiskFile file, long offset, Span<byte> buffer)
    {
        int done = 0;
        buffer = buffer[..(int)Math.Min(buffer.Length, Math.Max(0, File.Length - offset))];
        while (done < buffer.Length)
        {
            long page = (offset + done) / PageBytes;
            var rest = buffer[done..];
            if (page < PageNumber.HeaderPages)
                done += Copy(_header, rest);
            else if (page < Pages + PageNumber.HeaderPages)
                done += ReadPages(file, page, rest);
            else
                done += Copy(_trailer ??= MakeTrailer(), rest);
        }

        return done;
    }

    private int ReadPages(IDiskFile file, long page, Span<byte> buffer)
    {
        long last = Pages + PageNumber.HeaderPages;
        buffer = buffer[..(int)Math.Min(buffer.Length, (last - page) * PageBytes)];
        int read = Database.File.ReadQuietly(file, buffer, page * PageBytes);

        // What the database has grown by may be in memory only: then it is zero, and replay fills it.
        buffer[(read / PageBytes * PageBytes)..].Clear();
        return buffer.Length;
    }

    private int Copy(ReadOnlySpan<byte> page, Span<byte> buffer)
    {
        page.CopyTo(buffer);
        return PageBytes;
    }

    // Behind the last page: so it names every log that a page of the copy may have changes of.
    private byte[] MakeTrailer()
    {
        var engine = Database.Engine;
        if (engine.Options.Omits.HasFlag(OmittedRule.PatchData))
            return new byte[PageBytes];
        lock (engine.Latch)
        {
            var (current, committed) = (engine.Log.Header.Generation, Database.Header.MaxCommitted);
            return PatchTrailer.Create(
                Database.Header, _backup with { HighGeneration = current > committed ? current : committed });
        }
    }

    private static string Text(LogPosition position) => string.Create(CultureInfo.InvariantCulture,
        $"{position.Generation.Value:X8}:{position.Sector:X4}:{position.Offset:X4}");
}

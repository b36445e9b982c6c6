using PipelineBackup.Ese;
using PipelineBackup.Flow;
using PipelineBackup.Format;

namespace PipelineBackup.Backup;

/// <summary>A database whose pages are on their way: what is known of it, and what its verification found so far.</summary>
internal sealed class DatabaseInFlight : FileInFlight
{
    private readonly List<BadPage> _badPages = [];
    private readonly List<long> _repaired = [];
    private long _verified, _zero, _suspect;
    private int _badRuns;

    public DatabaseInFlight(int number, SourceFile source, ISourceFileReader reader, HeaderPair headers, FlushMap? map)
        : base(number, source, reader)
    {
        Headers = headers;
        Map = map;
        HasTrailer = headers.Header is { NeedsTrailer: true };
        LastPage = (source.Length + PageSize - 1) / PageSize - 1;
    }

    /// <summary>The header pages.</summary>
    public HeaderPair Headers { get; }

    /// <summary>What the engine remembers of the last writes, where that is known.</summary>
    public FlushMap? Map { get; }

    /// <summary>Whether the last page is the trailer of a streamed copy.</summary>
    public bool HasTrailer { get; }

    /// <summary>Index of the last page in the file.</summary>
    public long LastPage { get; }

    /// <summary>Set once the database is to be left out.</summary>
    public bool IsDropped { get; private set; }

    /// <summary>After three bad runs each further one is read again only once: the disk is dying, not a write in flight.</summary>
    public int RereadRounds => Volatile.Read(ref _badRuns) > 3 ? Math.Min(1, MaxRereads) : MaxRereads;

    /// <summary>Pages that stayed bad, in file order.</summary>
    public IReadOnlyList<BadPage> BadPages
    {
        get
        {
            lock (_badPages)
                return [.. _badPages.OrderBy(page => page.Page)];
        }
    }

    /// <summary>Pages in which a flipped bit was put right.</summary>
    public IReadOnlyList<long> Repaired
    {
        get
        {
            lock (_repaired)
                return [.. _repaired.Order()];
        }
    }

    /// <summary>Pages whose last write may be missing, of a dirty database: replay heals or proves it.</summary>
    public long SuspectPages => Interlocked.Read(ref _suspect);

    public long VerifiedPages => Interlocked.Read(ref _verified);

    public long ZeroPages => Interlocked.Read(ref _zero);

    public void Count(long verified, long zero, long suspect)
    {
        Interlocked.Add(ref _verified, verified);
        Interlocked.Add(ref _zero, zero);
        Interlocked.Add(ref _suspect, suspect);
    }

    public void NoteRepaired(long page)
    {
        lock (_repaired)
            _repaired.Add(page);
    }

    public void NoteBadRun() => Interlocked.Increment(ref _badRuns);

    public void NoteBad(BadPage page)
    {
        lock (_badPages)
            _badPages.Add(page);
    }

    public void Drop() => IsDropped = true;
}

namespace PipelineBackup.Ese;

/// <summary>
/// Checks a whole database. Damage is never an exception, always a finding.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>Every page by itself: checksum, rules of a sound page, no change later than the header's.</item>
/// <item>The catalog against its shadow and against the list of object ids.</item>
/// <item>Every tree from its root down: levels, siblings, separators, order of keys, each page reached once.</item>
/// <item>Space: every page owned by one tree and of one use; those of none are counted.</item>
/// <item>Every table: rows are records under their own keys, indexes list what the rows call for and nothing else, long
/// values have all their chunks and as many references as they count.</item>
/// </list>
/// <para>
/// Memory: four bits a page of the file, a page buffer for each level of a tree, the catalog, the extents of one table's
/// trees, a count for each of up to a million long values. A database that was not shut down cleanly can be wrong
/// legitimately: recover it first.
/// </para>
/// </remarks>
public sealed class DatabaseCheck
{
    /// <summary>How many findings are kept unless told otherwise.</summary>
    public const int DefaultLimit = 1000;

    private readonly IPageFile _file;
    private readonly DatabaseHeader _header;
    private readonly FindingList _findings;

    /// <summary>A check of a database.</summary>
    /// <param name="file">Where its pages come from.</param>
    /// <param name="header">Its header.</param>
    /// <param name="limit">The check stops when it has found so much.</param>
    public DatabaseCheck(IPageFile file, DatabaseHeader header, int limit = DefaultLimit)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(header);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        _file = file;
        _header = header;
        _findings = new(limit);
    }

    /// <summary>Checks everything.</summary>
    /// <param name="cancellationToken">Ends the check with an exception.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="IOException">The file system failed.</exception>
    public CheckReport Run(CancellationToken cancellationToken = default)
    {
        var pages = new PageCheck(_file, _header, _findings);
        var space = new SpaceCheck(_file, _findings);
        var rows = new RowCheck(_file, _findings);
        pages.Run(cancellationToken);

        var copies = new CatalogCheck(_file, _findings);
        int trees = 0;
        if (copies.Read() is { } catalog)
        {
            trees = CheckTrees(space, catalog, cancellationToken);
            copies.CompareCopies(cancellationToken);
            copies.CompareIds(catalog);
            foreach (var table in catalog.Tables)
            {
                if (!_findings.IsFull)
                    rows.Run(table, cancellationToken);
            }
        }

        return new()
        {
            Findings = _findings.Findings,
            IsCutShort = _findings.IsFull,
            Pages = _file.LastPage.Value,
            ZeroPages = pages.Zero,
            CorrectedPages = pages.Corrected,
            Trees = trees,
            TreePages = space.Pages.Pages,
            Nodes = space.Pages.Nodes,
            LeakedPages = space.Leaked,
            Rows = rows.Rows,
            IndexEntries = rows.IndexEntries,
            LongValues = rows.LongValues,
        };
    }

    /// <summary>Checks all trees from the bottom up; without the catalog it would not be known what is whose.</summary>
    private int CheckTrees(SpaceCheck space, DatabaseCatalog catalog, CancellationToken cancellationToken)
    {
        int count = 0;
        var tables = new List<SpaceCheck.OwnedSpace>();
        foreach (var table in catalog.Tables)
        {
            var owned = new List<SpaceCheck.OwnedSpace>();
            var trees = CatalogCheck.TreesOf(table).ToList();
            foreach (var tree in trees.Skip(1))
                Run(tree, 2, [], owned);
            Run(trees[0], 1, owned, tables);
        }

        Run(TreeIdentity.Database, 0, tables, []);
        return count;

        void Run(TreeIdentity tree, int generation, List<SpaceCheck.OwnedSpace> children,
            List<SpaceCheck.OwnedSpace> siblings)
        {
            if (_findings.IsFull)
                return;
            siblings.Add(space.Run(tree, generation, children, cancellationToken));
            count++;
        }
    }
}

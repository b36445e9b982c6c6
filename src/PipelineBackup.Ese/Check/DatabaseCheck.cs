namespace PipelineBackup.Ese;

/// <summary>
/// Checks a whole database: every page by itself, every tree from its root down, who owns which page. Damage is never an
/// exception, always a finding.
/// </summary>
/// <remarks>
/// Memory: four bits a page of the file, a page buffer for each level of a tree, the extents of one table. A database
/// that was not shut down cleanly can be wrong legitimately: recover it first.
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

    /// <summary>Checks pages, trees and space.</summary>
    /// <param name="trees">All trees but that of page 1, in any order.</param>
    /// <param name="cancellationToken">Ends the check with an exception.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="IOException">The file system failed.</exception>
    internal CheckReport Run(IEnumerable<TreeIdentity> trees, CancellationToken cancellationToken = default)
    {
        var pages = new PageCheck(_file, _header, _findings);
        pages.Run(cancellationToken);
        var space = new SpaceCheck(_file, _findings);
        int count = 1 + CheckTrees(space, trees, cancellationToken);
        return new()
        {
            Findings = _findings.Findings,
            IsCutShort = _findings.IsFull,
            Pages = _file.LastPage.Value,
            ZeroPages = pages.Zero,
            CorrectedPages = pages.Corrected,
            Trees = count,
            TreePages = space.Pages.Pages,
            Nodes = space.Pages.Nodes,
            LeakedPages = space.Leaked,
        };
    }

    private int CheckTrees(SpaceCheck space, IEnumerable<TreeIdentity> trees, CancellationToken cancellationToken)
    {
        int count = 0;
        bool isClean = _header.State == DatabaseState.CleanShutdown;
        var database = TreeIdentity.Database;
        var children = trees.ToLookup(tree => tree.Parent);
        var tables = new List<SpaceCheck.OwnedSpace>();
        foreach (var table in children[database.Root])
        {
            var owned = new List<SpaceCheck.OwnedSpace>();
            foreach (var tree in children[table.Root])
            {
                owned.Add(space.Run(tree, 2, [], isClean, cancellationToken));
                count++;
            }

            tables.Add(space.Run(table, 1, owned, isClean, cancellationToken));
            count++;
        }

        space.Run(database, 0, tables, isClean, cancellationToken);
        return count;
    }
}

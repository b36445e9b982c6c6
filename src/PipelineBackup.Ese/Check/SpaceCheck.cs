namespace PipelineBackup.Ese;

/// <summary>
/// Checks which tree owns, uses or keeps which page. A page that a tree owns is exactly one of: used by the tree or its
/// space trees, kept in a split buffer, available, or owned by one of the trees that get their space from it.
/// </summary>
/// <remarks>
/// Keeps four bits a page. Trees come from the bottom up: a table's indexes and long values, then the table, page 1 at
/// the end; so what a tree's children own is known before its own pages are counted.
/// </remarks>
internal sealed class SpaceCheck
{
    private readonly IPageFile _file;
    private readonly FindingList _findings;
    private readonly TreeCheck _pages;
    private readonly PageSet _used, _mine;

    // What all tables own, and what all trees of tables do.
    private readonly PageSet _tables, _children;
    private TreeIdentity _tree = TreeIdentity.Database;
    private int _generation;
    private bool _isOwnedKnown;

    public SpaceCheck(IPageFile file, FindingList findings)
    {
        _file = file;
        _findings = findings;
        _used = new(file.LastPage);
        _mine = new(file.LastPage);
        _tables = new(file.LastPage);
        _children = new(file.LastPage);
        _pages = new(file, findings, Enter);
    }

    /// <summary>The check of the trees' pages, with what it counted.</summary>
    public TreeCheck Pages => _pages;

    /// <summary>Pages that are owned and of no use, over all trees.</summary>
    public long Leaked { get; private set; }

    /// <summary>What all trees of the generation own; nothing is known, nor needed, of page 1.</summary>
    private PageSet? Generation => _generation switch { 1 => _tables, 2 => _children, _ => null };

    /// <summary>What was given on to the generation below; null of the last.</summary>
    private PageSet? Given => _generation switch { 0 => _tables, 1 => _children, _ => null };

    /// <summary>Checks a tree whose children were checked before.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="generation">0 for page 1, 1 for tables, 2 for their trees.</param>
    /// <param name="children">What its children own.</param>
    /// <param name="cancellationToken">Ends the check between two pages.</param>
    /// <returns>What it owns, for the check of its parent.</returns>
    public OwnedSpace Run(TreeIdentity tree, int generation, IReadOnlyList<OwnedSpace> children,
        CancellationToken cancellationToken)
    {
        (_tree, _generation) = (tree, generation);
        var space = Open(tree);
        var extents = space is null ? [] : TakeOwned(space);
        foreach (var child in children)
            CheckChild(child);

        _pages.Run(tree.Name, tree.Root, tree.ObjectId, tree.Kind, cancellationToken);
        if (space is not null)
        {
            CheckSpaceTrees(space, cancellationToken);
            CheckAvailable(space);
            if (_isOwnedKnown && !_findings.IsFull)
                CountLeaks(extents);
        }

        foreach (var extent in extents)
            _mine.Remove(extent);
        return new(tree, extents);
    }

    private SpaceTree? Open(TreeIdentity tree)
    {
        _isOwnedKnown = false;
        try
        {
            var space = new SpaceTree(_file, tree.Root, tree.ObjectId);
            bool repeating = (tree.Kind & PageFlags.NonUniqueKeys) != 0;
            if (space.Header.Parent != tree.Parent)
                Found(EseError.DatabaseCorrupted, tree.Root, $"has its space from {space.Header.Parent}, not {tree.Parent}");
            if ((space.Header.Flags & SpaceFlags.NonUnique) != 0 != repeating)
                Found(EseError.DatabaseCorrupted, tree.Root, "root and space header disagree whether keys may repeat");
            return space;
        }
        catch (EseException e)
        {
            _findings.Add(e, tree.Name);
            return null;
        }
    }

    private List<PageExtent> TakeOwned(SpaceTree space)
    {
        var extents = new List<PageExtent>();
        try
        {
            var end = PageNumber.None;
            foreach (var extent in space.Owned())
            {
                if (_findings.IsFull)
                    return extents;
                if (extent.First.CompareTo(end) <= 0)
                {
                    Found(EseError.SPOwnExtCorrupted, extent.Last, $"owns {extent} twice or out of order");
                    continue;
                }

                end = extent.Last;
                extents.Add(extent);
                _mine.Add(extent);
                if (Generation?.Add(extent) is { Value: > 0 } twice)
                    Found(EseError.SPOwnExtCorrupted, twice, $"is owned by another tree too (extent {extent})");
            }

            _isOwnedKnown = true;
        }
        catch (EseException e)
        {
            _findings.Add(e, _tree.Name);
        }

        if (_isOwnedKnown && !_mine.Contains(_tree.Root))
            Found(EseError.SPOwnExtCorrupted, _tree.Root, "does not own its own root");
        return extents;
    }

    private void CheckChild(OwnedSpace child)
    {
        foreach (var extent in child.Extents)
        {
            if (_isOwnedKnown && _mine.FirstMissing(extent) is { Value: > 0 } page)
                _findings.Add(EseError.SPOwnExtCorrupted, child.Tree.Name, page, $"is not owned by {_tree.Name}");
        }
    }

    private void CheckSpaceTrees(SpaceTree space, CancellationToken cancellationToken)
    {
        if (!space.Header.HasSpaceTrees)
            return;
        var kind = _tree.Kind | PageFlags.SpaceTree;
        _pages.Run(_tree.Name + " (owned)", space.Header.OwnedRoot, _tree.ObjectId, kind, cancellationToken);
        _pages.Run(_tree.Name + " (available)", space.Header.AvailableRoot, _tree.ObjectId, kind, cancellationToken);
    }

    private void CheckAvailable(SpaceTree space)
    {
        try
        {
            foreach (var extent in space.Reserved())
                Take(extent, "in a split buffer");
            var end = PageNumber.None;
            var pool = SpacePool.General;
            foreach (var (extent, of) in space.Available())
            {
                if (_findings.IsFull)
                    return;
                end = of == pool ? end : PageNumber.None;
                pool = of;

                // Shelved pages are none of the file; a marker has no pages.
                if (pool == SpacePool.Shelved || extent.Count == 0)
                    continue;
                if (extent.First.CompareTo(end) <= 0)
                {
                    Found(EseError.SPAvailExtCorrupted, extent.Last, $"has {extent} available twice or out of order");
                    continue;
                }

                end = extent.Last;
                Take(extent, "available");
            }
        }
        catch (EseException e)
        {
            _findings.Add(e, _tree.Name);
        }
    }

    private void Take(PageExtent extent, string use)
    {
        if (_isOwnedKnown && _mine.FirstMissing(extent) is { Value: > 0 } foreign)
            Found(EseError.SPAvailExtCorrupted, foreign, $"is {use}, yet not owned (extent {extent})");
        if (Given?.FirstOf(extent) is { Value: > 0 } given)
            Found(EseError.SPAvailExtCorrupted, given, $"is {use}, yet given to another tree (extent {extent})");
        if (_used.Add(extent) is { Value: > 0 } twice)
            Found(EseError.SPAvailExtCorrupted, twice, $"is {use}, yet in use (extent {extent})");
    }

    // A crash loses pages on their way from one tree to another, and the engine never looks for them again: a database
    // that was recovered has some ever after. They are told, and nothing is wrong.
    private void CountLeaks(List<PageExtent> extents)
    {
        foreach (var extent in extents)
            Leaked += _used.CountInNeither(Given, extent, out _);
    }

    /// <summary>A page is about to be read as part of the tree.</summary>
    private bool Enter(PageNumber page)
    {
        if (page == PageNumber.None || page.CompareTo(_file.LastPage) > 0)
        {
            Found(EseError.BadParentPageLink, page, "leads to a page that the file does not have");
            return false;
        }

        if (!_used.Add(page))
        {
            Found(EseError.BadParentPageLink, page, "is used twice: by this tree again, or by another");
            return false;
        }

        if (_isOwnedKnown && !_mine.Contains(page))
            Found(EseError.SPOwnExtCorrupted, page, "is used, yet not owned");
        else if (Given?.Contains(page) == true)
            Found(EseError.SPOwnExtCorrupted, page, "is used, yet given to another tree");
        return true;
    }

    private void Found(EseError error, PageNumber page, string message) =>
        _findings.Add(error, _tree.Name, page, message);

    /// <summary>What a tree owns.</summary>
    internal sealed record OwnedSpace(TreeIdentity Tree, IReadOnlyList<PageExtent> Extents);
}

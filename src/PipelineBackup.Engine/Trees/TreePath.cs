using System.Runtime.CompilerServices;

namespace PipelineBackup.Engine;

/// <summary>The way from the root of a tree down to a place on a leaf.</summary>
internal sealed class TreePath
{
    private Steps _steps;
    private byte[] _search = new byte[256];

    /// <summary>Inner pages on the way; 0 when the root is the leaf.</summary>
    public int Depth { get; private set; }

    /// <summary>The leaf.</summary>
    public PageNumber Leaf { get; private set; }

    /// <summary>The first line of the leaf not below what was sought; its node count when all are.</summary>
    public int Line { get; private set; }

    /// <summary>Whether the node on that line is what was sought.</summary>
    public bool IsMatch { get; private set; }

    /// <summary>An inner page on the way, 0 being the root, and the line that was taken.</summary>
    /// <param name="level">Its level.</param>
    public (PageNumber Page, int Line) this[int level] =>
        level < Depth ? _steps[level] : throw new ArgumentOutOfRangeException(nameof(level));

    /// <summary>A page on the way, the leaf being the last.</summary>
    /// <param name="level">Its level, 0 being the root.</param>
    public PageNumber PageAt(int level) => level < Depth ? _steps[level].Page : Leaf;

    /// <summary>Goes down to where a node is, or would be.</summary>
    /// <param name="editor">The pages.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="key">Key of the node.</param>
    /// <param name="data">Its data, in a tree whose keys may repeat; not looked at in others.</param>
    /// <exception cref="EseException">−338: a child is of another tree. −1206: an inner page ends too soon.</exception>
    public void Descend(DatabaseEditor editor, EngineTree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        Depth = 0;
        var page = tree.Root;
        var view = Require(editor, tree, page);
        var whole = view.IsLeaf || !tree.HasRepeatingKeys ? key : Join(key, data);
        while (!view.IsLeaf)
        {
            int line = NodeSearch.ChildLine(view, whole);
            if (line < 0 || view.Node(line, out var node) != PageRule.None)
                throw new EseException(EseError.DatabaseCorrupted, $"page {page}: no child for a key, in {tree.Root}");
            if (Depth == TreeCursor.MaxDepth)
                throw new EseException(EseError.BadParentPageLink, $"tree {tree.Root} has too many levels");
            _steps[Depth++] = (page, line);
            page = node.Child;
            view = Require(editor, tree, page);
        }

        Leaf = page;
        Line = NodeSearch.Line(view, key, data, tree.HasRepeatingKeys, out bool isMatch);
        IsMatch = isMatch;
    }

    private static PageView Require(DatabaseEditor editor, EngineTree tree, PageNumber page)
    {
        var view = editor.View(page);
        return view.ObjectId == tree.ObjectId && (view.Flags & (PageFlags.Empty | PageFlags.PreInit)) == 0
            ? view
            : throw new EseException(EseError.BadParentPageLink, $"page {page} is none of the tree {tree.Root}");
    }

    private ReadOnlySpan<byte> Join(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        int length = key.Length + data.Length;
        if (_search.Length < length)
            _search = new byte[length];
        key.CopyTo(_search);
        data.CopyTo(_search.AsSpan(key.Length));
        return _search.AsSpan(0, length);
    }

    [InlineArray(TreeCursor.MaxDepth)]
    private struct Steps
    {
        private (PageNumber Page, int Line) _first;
    }
}

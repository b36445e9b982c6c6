using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests;

/// <summary>A page that is edited at random, and a list of what it should hold.</summary>
internal sealed class EditedPage
{
    private static readonly byte[] Prefix = [.. Enumerable.Range(0, 60).Select(i => (byte)(i / 20 + 1))];

    private readonly byte[] _page;
    private readonly Random _random;
    private readonly int _seed, _reserved;
    private readonly List<(byte[] Key, byte[] Data, LineFlags Flags)> _nodes = [];
    private byte[] _header = [];

    public EditedPage(int pageBytes, int seed)
    {
        _random = new(seed);
        _seed = seed;
        _page = new byte[pageBytes];
        _reserved = 1;
        Editor.Initialize(new(12), new(7), PageFlags.Leaf, new(1));
        if (seed % 3 == 0)
            AddReservedTag();
        else if (seed % 3 == 1)
            Put16(34, 1 | 1 << 12);
        _reserved = Editor.View.ReservedTags;
        Check("made");
    }

    private PageEditor Editor => new(_page);

    /// <summary>One edit of any kind.</summary>
    public void Step()
    {
        string edit;
        int roll = _random.Next(100);
        if (roll < 45 || _nodes.Count == 0)
            edit = Insert();
        else if (roll < 70)
            edit = Replace();
        else if (roll < 88)
            edit = Delete();
        else if (roll < 95)
            edit = Mark();
        else
            edit = roll < 99 ? SetHeader() : Clear();
        Check(edit);
    }

    public static void MakeHostile(Span<byte> page, Random random)
    {
        var editor = new PageEditor(page);
        editor.Initialize(new(3), new(2), PageFlags.Leaf | (PageFlags)random.Next(2), new(1));
        if (random.Next(2) == 0)
            editor.TrySetExternalHeader(Prefix.AsSpan(0, random.Next(Prefix.Length)));
        for (int i = 0; i < random.Next(1, 30); i++)
            editor.TryInsert(i, [1, 1, 1, (byte)i], 0, new byte[random.Next(1, page.Length / 20)], LineFlags.None);
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            int at = random.Next(3) switch
            {
                0 => random.Next(28, 40),
                1 => page.Length - 1 - random.Next(Math.Min(page.Length - 100, 130)),
                _ => random.Next(page.Length),
            };
            page[at] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)(page[at] ^ 1 << random.Next(8));
        }
    }

    public static void EditBlindly(PageEditor editor, Random random)
    {
        int size = editor.Bytes.Length, line = random.Next(-1, 32), length = random.Next(random.Next(2) == 0 ? 20 : size);
        switch (random.Next(8))
        {
            case 0 or 1:
                editor.TryInsert(line, Prefix, editor.Borrow(Prefix), new byte[length], LineFlags.Deleted);
                break;
            case 2 or 3:
                editor.TryReplaceData(line, new byte[length]);
                break;
            case 4:
                editor.Delete(line);
                break;
            case 5:
                editor.SetLineFlags(line, (LineFlags)random.Next(8));
                break;
            case 6:
                editor.TrySetExternalHeader(new byte[length]);
                break;
            default:
                editor.Clear();
                break;
        }
    }

    private string Insert()
    {
        byte[] key = Key(), data = Data();
        int line = _nodes.FindIndex(node => node.Key.AsSpan().SequenceCompareTo(key) >= 0);
        line = line < 0 ? _nodes.Count : line;
        var flags = (LineFlags)_random.Next(4);
        int borrowed = _random.Next(5) == 0 ? 0 : Editor.Borrow(key);
        int length = (borrowed > 0 ? 4 : 2) + key.Length - borrowed + data.Length;
        bool room = length + 4 <= Free();
        Expect(room, Editor.TryInsert(line, key, borrowed, data, flags), "insert");
        if (room)
            _nodes.Insert(line, (key, data, flags | (borrowed > 0 ? LineFlags.Compressed : LineFlags.None)));
        return "insert";
    }

    private string Replace()
    {
        int line = _random.Next(_nodes.Count);
        var node = _nodes[line];

        // Sometimes with data that lie in the page itself.
        Editor.View.Node(_random.Next(_nodes.Count), out var other);
        bool aliases = _random.Next(4) == 0;
        byte[] data = aliases ? other.Data.ToArray() : Data();
        bool room = data.Length - node.Data.Length <= Free();
        Expect(room, Editor.TryReplaceData(line, aliases ? other.Data : data), "replace");
        if (room)
            _nodes[line] = node with { Data = data };
        return "replace";
    }

    private string Delete()
    {
        int line = _random.Next(_nodes.Count);
        Editor.Delete(line);
        _nodes.RemoveAt(line);
        return "delete";
    }

    private string Mark()
    {
        int line = _random.Next(_nodes.Count);
        var flags = (LineFlags)_random.Next(8);
        Editor.SetLineFlags(line, flags);
        var node = _nodes[line];
        var compressed = node.Flags & LineFlags.Compressed;
        _nodes[line] = node with { Flags = flags & ~LineFlags.Compressed | compressed };
        return "mark";
    }

    private string SetHeader()
    {
        int least = _nodes.Any(node => (node.Flags & LineFlags.Compressed) != 0) ? _header.Length : 0;
        byte[] header = Prefix[.._random.Next(least, Prefix.Length + 1)];
        bool room = header.Length - _header.Length <= Free();
        Expect(room, Editor.TrySetExternalHeader(header), "header");
        _header = room ? header : _header;
        return "header";
    }

    private string Clear()
    {
        Editor.Clear();
        _nodes.Clear();
        _header = [];
        return "clear";
    }

    private int Free()
    {
        int used = _header.Length + (_reserved - 1) * 5;
        for (int i = 0; i < _nodes.Count; i++)
            used += Editor.View.Line(i + _reserved).Length;
        return Editor.View.DataBytes - used - 4 * (_nodes.Count + _reserved);
    }

    private void Check(string edit)
    {
        var view = Editor.View;
        var rule = PageLogic.Check(view, InspectionDepth.Full);
        Assert.True(rule == PageRule.None, $"seed {_seed}: {edit}: {rule}");
        Expect(_nodes.Count, view.NodeCount, edit);
        Expect(Free(), view.FreeBytes, edit);
        Assert.True(view.ExternalHeader.SequenceEqual(_header), $"seed {_seed}: {edit}: header");
        for (int i = 0; i < _nodes.Count; i++)
        {
            var (key, data, flags) = _nodes[i];
            Assert.Equal(PageRule.None, view.Node(i, out var node));
            bool same = node.Flags == flags && node.CompareKey(key) == 0 && node.Data.SequenceEqual(data);
            Assert.True(same, $"seed {_seed}: {edit}: line {i}");
        }
    }

    private void Expect<T>(T expected, T actual, string edit) =>
        Assert.True(Equals(expected, actual), $"seed {_seed}: {edit}: {actual}, not {expected}");

    private byte[] Key()
    {
        byte[] tail = new byte[_random.Next(1, 12)];
        _random.NextBytes(tail);
        return [.. Prefix.AsSpan(0, _random.Next(Prefix.Length)), .. tail];
    }

    private byte[] Data()
    {
        byte[] data = new byte[_random.Next(6) switch { 0 => 1, 1 => _random.Next(1, _page.Length / 3), _ => _random.Next(1, 60) }];
        _random.NextBytes(data);
        return data[0] == 0 && data.Length == 1 ? [1] : data;
    }

    /// <summary>A second tag that is no node, as databases of newer formats may have.</summary>
    private void AddReservedTag()
    {
        Assert.True(Editor.TryInsert(0, [3], 0, [4, 5], LineFlags.None));
        Put16(34, 2 | 2 << 12);
    }

    private void Put16(int offset, int value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(_page.AsSpan(offset), (ushort)value);
}

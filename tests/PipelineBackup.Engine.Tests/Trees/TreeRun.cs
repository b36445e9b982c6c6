using System.Buffers.Binary;

namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>A seeded run of changes of several trees, beside a model of what they should hold.</summary>
internal sealed class TreeRun
{
    private readonly Random _random;
    private readonly List<TreeModel> _models = [];
    private readonly Dictionary<TreeModel, int> _styles = [];
    private readonly TreeBench _bench;
    private readonly EngineTree _table;
    private readonly Dictionary<uint, byte[]> _flushed = [];
    private int _ascending;

    public TreeRun(TreeBench bench, int seed)
    {
        _bench = bench;
        _random = new(seed);
        if (seed % 3 == 0)
            (_bench.Space.MostRequest, _bench.Space.LeastExtension, _bench.Space.MostExtension) = (1, 1, 1);
        _bench.Begin();
        _table = Add(_bench.Root, PageFlags.None, 0, _random.Next(2) == 0);
        Add(_table, PageFlags.Index | PageFlags.NonUniqueKeys, 1);
        Add(_table, PageFlags.LongValue, 2);
        Add(_bench.Root, PageFlags.None, 3);
        _bench.Commit();
    }

    public IReadOnlyList<TreeModel> Models => _models;

    private int PageBytes => _bench.Editor.PageSize.Bytes;

    /// <summary>Transactions of a few changes each.</summary>
    public void Go(int transactions)
    {
        for (int i = 0; i < transactions; i++)
        {
            _bench.Begin();
            int changes = _random.Next(1, 12);
            var model = _models[_random.Next(_models.Count)];
            for (int j = 0; j < changes; j++)
            {
                Change(_random.Next(4) == 0 ? _models[_random.Next(_models.Count)] : model);
                FlushSome();
            }

            _bench.Commit();
            if (_random.Next(200) == 0)
                Replace();
        }
    }

    /// <summary>The file as it would be had some pages been written now and then, at any time each.</summary>
    public byte[] FlushedFile()
    {
        byte[] file = [.. _bench.Start];
        uint last = Math.Max((uint)(file.Length / PageBytes) - 2, _flushed.Keys.DefaultIfEmpty().Max());
        Array.Resize(ref file, (int)(last + 2) * PageBytes);
        foreach (var (number, bytes) in _flushed)
            bytes.CopyTo(file.AsSpan((int)(number + 1) * PageBytes));
        return file;
    }

    public void RequireHeld(IPageFile file, string what)
    {
        foreach (var model in _models)
            model.RequireHeld(file, what);
    }

    private EngineTree Add(EngineTree parent, PageFlags kind, int style, bool hasSpaceTrees = false)
    {
        uint pages = (uint)_random.Next(hasSpaceTrees ? 3 : 1, 9);
        var model = new TreeModel(_bench.Create(parent, kind, pages, hasSpaceTrees));
        _models.Add(model);
        _styles[model] = style;
        return model.Tree;
    }

    // A tree goes with all it has, and another one comes.
    private void Replace()
    {
        var model = _models.Find(one => _styles[one] == 3)!;
        _bench.Begin();
        _bench.Drop(model.Tree);
        _models.Remove(model);
        Add(_bench.Root, PageFlags.None, 3);
        _bench.Commit();
    }

    private void Change(TreeModel model)
    {
        int kind = _random.Next(100), fullness = model.Nodes.Count > 400 ? 20 : 0;
        uint version = _random.Next(2) == 0 ? 0 : _bench.NextVersion();
        if (model.Places.Count == 0 || kind < 55 - fullness)
            Insert(model, version);
        else if (kind < 75 - fullness && !model.Tree.HasRepeatingKeys)
            Replace(model, version);
        else if (kind < 78 - fullness)
            Move(model, version);
        else
            Delete(model, version, _random.Next(8) == 0 ? _random.Next(5, 60) : 1);
    }

    private void Insert(TreeModel model, uint version)
    {
        for (int run = _random.Next(10) == 0 ? _random.Next(1, 30) : 1; run > 0; run--)
        {
            byte[] key = NewKey(model), data = NewData(model, key), place = model.Place(key, data);
            bool isNew = _bench.Writer.Insert(
                _bench.Origin, model.Tree, key, data, version, version == 0 ? 0 : _bench.NextVersion());
            Assert.Equal(model.Nodes.TryAdd(place, (key, data)), isNew);
            if (isNew)
                model.Places.Add(place);
        }
    }

    private void Replace(TreeModel model, uint version)
    {
        var (key, old) = model.Nodes[Pick(model)];
        byte[] data = _random.Next(3) switch
        {
            0 => NewData(model, key),
            1 => old.Length > 4 ? old[..^_random.Next(1, old.Length / 2)] : NewData(model, key),
            _ => [.. old],
        };
        data[_random.Next(data.Length)] ^= 1;
        Assert.True(_bench.Writer.Replace(_bench.Origin, model.Tree, key, data, version));
        model.Nodes[model.Place(key, data)] = (key, data);
    }

    private void Move(TreeModel model, uint version)
    {
        var (key, old) = model.Nodes[Pick(model)];
        if (old.Length < 8 || model.Tree.HasRepeatingKeys)
            return;
        int offset = _random.Next(old.Length - 7);
        bool isWide = _random.Next(2) == 0;
        Assert.True(_bench.Writer.Delta(
            _bench.Origin, model.Tree, key, [], (ushort)offset, -5, isWide, version));
        byte[] data = [.. old];
        var counter = data.AsSpan(offset);
        if (isWide)
            BinaryPrimitives.WriteInt64LittleEndian(counter, BinaryPrimitives.ReadInt64LittleEndian(counter) - 5);
        else
            BinaryPrimitives.WriteInt32LittleEndian(counter, BinaryPrimitives.ReadInt32LittleEndian(counter) - 5);
        model.Nodes[key] = (key, data);
    }

    private void Delete(TreeModel model, uint version, int count)
    {
        int start = _random.Next(model.Places.Count);
        byte[][] places = count == 1
            ? [model.Places[start]]
            : [.. model.Nodes.Keys.SkipWhile(one => one.AsSpan().SequenceCompareTo(model.Places[start]) < 0)
                .Take(count)];
        foreach (byte[] place in places)
        {
            var (key, data) = model.Nodes[place];
            Assert.True(_bench.Writer.FlagDelete(_bench.Origin, model.Tree, key, data, version));
            Assert.False(_bench.Writer.FlagDelete(_bench.Origin, model.Tree, key, data));
            model.Nodes.Remove(place);
            model.Places.RemoveAll(one => ReferenceEquals(one, place) || one.AsSpan().SequenceEqual(place));
            if (_random.Next(3) > 0)
                _bench.Writer.CleanUp(_bench.Origin, model.Tree, key, data);
        }
    }

    private byte[] Pick(TreeModel model) => model.Places[_random.Next(model.Places.Count)];

    private byte[] NewKey(TreeModel model)
    {
        switch (_styles[model])
        {
            case 0:
                byte[] number = new byte[5];
                number[0] = 0x7F;
                bool isNext = _random.Next(3) > 0;
                BinaryPrimitives.WriteInt32BigEndian(number.AsSpan(1), isNext ? _ascending++ : _random.Next(3000));
                return number;
            case 1:
                return [0x7F, (byte)_random.Next(3), (byte)_random.Next(3), 0];
            case 2:
                byte[] chunk = new byte[12];
                BinaryPrimitives.WriteInt64BigEndian(chunk, long.MinValue + _random.Next(40));
                BinaryPrimitives.WriteInt32BigEndian(chunk.AsSpan(8), _random.Next(60) * 1000);
                return chunk;
            default:
                int longest = Math.Min(1900, (PageBytes - 200) / 4);
                byte[] key = new byte[_random.Next(4) == 0 ? _random.Next(3, longest) : _random.Next(3, 60)];
                Array.Fill(key, (byte)(_random.Next(4) * 20));
                key[^1] = (byte)_random.Next(256);
                key[key.Length / 2] = (byte)_random.Next(4);
                return key;
        }
    }

    private byte[] NewData(TreeModel model, byte[] key)
    {
        int most = Math.Min(8000, PageBytes - _bench.Editor.PageSize.HeaderBytes - 16 - key.Length);
        int length = _styles[model] switch
        {
            1 => 5,
            2 => _random.Next(3) == 0 ? most : _random.Next(1, most),
            _ => _random.Next(20) == 0 ? _random.Next(1, most) : _random.Next(1, 200),
        };
        byte[] data = new byte[length];
        if (_styles[model] == 1)
            data[^1] = (byte)_random.Next(20);
        else
            _random.NextBytes(data);
        return data;
    }

    private void FlushSome()
    {
        for (int i = _random.Next(3); i > 0; i--)
        {
            var number = new PageNumber((uint)_random.Next(1, (int)_bench.Cache.LastPage.Value + 1));
            _bench.Cache.Get(number, out var page);
            if (page is null || page.View.IsZero)
                continue;
            byte[] bytes = page.View.Bytes.ToArray();
            PageChecksum.Write(bytes, number);
            _flushed[number.Value] = bytes;
        }
    }
}

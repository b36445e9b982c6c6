using PipelineBackup.Engine.Tests.Life;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Tables;

/// <summary>
/// A seeded run of one session over tables that come and go, beside a dictionary: everything that can be done to them,
/// nested transactions, and an engine that is closed or killed at any time and opened again.
/// </summary>
internal sealed partial class BookRun
{
    private static readonly string[] s_names = ["books", "letters", "notes"];
    private static readonly int[] s_pageSizes = [4096, 8192, 16384, 32768];

    private readonly Random _random;
    private readonly LifeRig _rig;
    private readonly EngineOptions _options;
    private readonly Stack<(Transaction Transaction, Shelf Before)> _open = new();
    private readonly List<Shelf> _promised = [new()];
    private readonly int _longest;
    private EmbeddedEngine _engine;
    private EngineDatabase _database;
    private EngineSession _session;
    private Shelf _shelf = new();

    public BookRun(int seed)
    {
        _random = new(seed);
        int pageSize = s_pageSizes[seed % s_pageSizes.Length];
        _longest = _random.OneIn(12) ? 1 << 20 : _random.OneIn(3) ? 100_000 : 20_000;

        // A page that is cut in two is for backups to mend.
        _rig = new(new() { Unit = pageSize });
        _options = _rig.Options with { PageSize = PageSize.Of(pageSize), CheckpointDepthBytes = _random.Pick(64, 256, 4096) << 10 };
        _engine = LifeRig.Open(_options);
        _database = LifeRig.Now(_engine.CreateDatabaseAsync(LifeRig.Database));
        LifeRig.Now(_engine.Log.FlushAsync(_engine.Log.Tip, CancellationToken.None));
        _session = _engine.CreateSession();
    }

    /// <summary>How often what was done.</summary>
    public Dictionary<string, int> Done { get; } = [];

    public void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            if (_rig.Disk.KillAtStep == 0 && _random.OneIn(60))
                _rig.Disk.KillAtStep = _rig.Disk.Steps + _random.Next(1, 40);
            try
            {
                Step();
            }
            catch (SimulatedCrashException)
            {
                GoOn("killed in the middle");
            }
        }

        _rig.Disk.KillAtStep = 0;
        while (_open.Count > 0)
            End(isCommitted: _random.OneIn(2));
        Close();
        RequireAll();
        _session.Dispose();
        LifeRig.Now(_engine.CloseAsync());
    }

    private void Step()
    {
        if (_open.Count == 0)
        {
            switch (_random.Next(12))
            {
                case 0:
                    Close();
                    return;
                case 1:
                    GoOn("killed");
                    return;
                default:
                    Begin();
                    return;
            }
        }

        int kind = _random.Next(100);
        if (kind < 6 || _shelf.Books.Count == 0)
            Define();
        else if (kind < 34)
            Insert();
        else if (kind < 50)
            Update();
        else if (kind < 58)
            Delete();
        else if (kind < 65)
            Add();
        else if (kind < 76)
            Seek();
        else if (kind < 80)
            Scan();
        else if (kind < 85 && _open.Count < 5)
            Begin();
        else if (kind < 86)
            GoOn("killed with transactions open");
        else
            End(_random.Next(3) > 0);
    }

    private void Begin()
    {
        _open.Push((_session.BeginTransaction(), _shelf.Copy()));
        Count($"begin {_open.Count}");
    }

    private void End(bool isCommitted)
    {
        var (transaction, before) = _open.Pop();
        if (!isCommitted)
        {
            _shelf = before;
            transaction.Rollback();
            Count("roll back");
            return;
        }

        bool isDurable = _random.OneIn(3);
        if (_open.Count == 0)
            _promised.Add(_shelf.Copy());
        LifeRig.Now(transaction.CommitAsync(isDurable ? CommitMode.Durable : CommitMode.Lazy));

        // A commit of nothing waits for nobody.
        if (_open.Count == 0 && isDurable && _shelf.ToString() != before.ToString())
            _promised.RemoveRange(0, _promised.Count - 1);
        Count("commit");
    }

    private void Close()
    {
        _session.Dispose();
        _session = null!;
        if (_random.OneIn(2))
            _engine.CleanUp();
        LifeRig.Now(_engine.CloseAsync());
        bool wasKilled = Done.Keys.Any(what => what.StartsWith("killed", StringComparison.Ordinal));
        _rig.RequireSound(LifeRig.Database, "closed", mayLeak: wasKilled);
        _promised.RemoveRange(0, _promised.Count - 1);
        Count("close");
        Open();
        RequireAll();
    }

    // What is found is one of the states since the last that was promised to be there.
    private void GoOn(string what)
    {
        _rig.Disk.Crash(_random.Pick(CrashKind.Kill, CrashKind.PowerLoss, CrashKind.AllLost), _random);
        _open.Clear();
        Open();
        string found = Read().ToString();
        int at = _promised.FindLastIndex(state => state.ToString() == found);
        Assert.True(at >= 0, $"{what}: found\n{found}\nwhich is none of {_promised.Count} states, the last\n{_promised[^1]}");
        _shelf = _promised[at].Copy();
        _promised.Clear();
        _promised.Add(_shelf.Copy());
        RequireAll();
        Count(what);
    }

    private void Open()
    {
        _engine = LifeRig.Open(_options);
        _database = LifeRig.Now(_engine.AttachDatabaseAsync(LifeRig.Database));
        _session = _engine.CreateSession();

        // What recovery and reading wrote may be lost, and comes again.
        LifeRig.Now(_engine.Log.FlushAsync(_engine.Log.Tip, CancellationToken.None));
    }

    private void Count(string what) => Done[what] = Done.GetValueOrDefault(what) + 1;
}

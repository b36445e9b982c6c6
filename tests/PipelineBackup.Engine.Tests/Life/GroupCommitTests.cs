namespace PipelineBackup.Engine.Tests.Life;

/// <summary>On a disk of this machine, with threads.</summary>
public sealed class GroupCommitTests
{
    [Fact]
    public async Task Committers_share_the_flushes_of_the_log()
    {
        string folder = GoldenSets.NewFolder("engine");
        var options = new EngineOptions { LogDirectory = folder, LogFileBytes = 256 << 10 };
        string path = Path.Combine(folder, "a.edb");
        const int Writers = 8, Commits = 40;
        var cancellation = TestContext.Current.CancellationToken;
        SortedDictionary<string, int> rows;
        await using (var engine = await EmbeddedEngine.OpenAsync(options, cancellation))
        {
            var database = await engine.CreateDatabaseAsync(path, cancellationToken: cancellation);
            long before = engine.Log.Flushes;
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
            {
                var session = new LocaleRows(database);
                for (int i = 0; i < Commits; i++)
                {
                    session.Begin();
                    session.Insert($"{writer} {i}", i);
                    await engine.Log.FlushAsync(session.Commit(), cancellation);
                }

                session.Close();
            }, cancellation)));
            Assert.True(engine.Log.Flushes - before <= Writers * Commits);
            rows = LocaleRows.Read(database.Cache);
        }

        Assert.Equal(Writers * Commits, rows.Count);
        await using (var engine = await EmbeddedEngine.OpenAsync(options, cancellation))
        {
            var database = await engine.AttachDatabaseAsync(path, cancellation);
            Assert.Equal(rows, LocaleRows.Read(database.Cache));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void One_flush_serves_all_that_came_before_it()
    {
        var rig = new LifeRig();
        var engine = rig.Open();
        var database = LifeRig.Now(engine.CreateDatabaseAsync(LifeRig.Database));
        var positions = new List<LogPosition>();
        for (int i = 0; i < 10; i++)
        {
            var session = new LocaleRows(database);
            session.Begin();
            session.Insert($"{i}", i);
            positions.Add(session.Commit());
            session.Close();
        }

        long before = engine.Log.Flushes;
        foreach (var position in Enumerable.Reverse(positions))
            LifeRig.Now(engine.Log.FlushAsync(position, CancellationToken.None));
        Assert.Equal(before + 1, engine.Log.Flushes);
        LifeRig.Now(engine.CloseAsync());
        rig.RequireSound(LifeRig.Database, "closed");
    }
}

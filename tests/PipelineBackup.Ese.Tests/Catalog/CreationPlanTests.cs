using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Catalog;

public sealed class CreationPlanTests
{
    private static readonly string[] s_small = ["dirty-empty-4096", "dirty-basic-4096"];

    public static TheoryData<string> Sets =>
    [
        .. s_small,
        .. GoldenSets.EngineSets.Where(set => set is "dirty-basic-32768" or "dirty-efv8020-4096" or "dirty-efv8920-4096"
            or "dirty-E00-32768" or "dirty-multidb-4096"),
    ];

    [Theory]
    [MemberData(nameof(Sets))]
    public void The_plan_is_what_the_engine_logged(string set)
    {
        string folder = s_small.Contains(set) ? GoldenSets.Small(set) : GoldenSets.Engine(set);
        var log = new CreationLog(Path.Combine(folder, "files"));
        var planned = Lines(log.Version, log.PageSize);
        for (int i = 0; i < planned.Count; i++)
            Assert.True(i < log.Lines.Count && planned[i] == log.Lines[i],
                $"line {i}:\n{planned[i]}\n{log.Lines.ElementAtOrDefault(i)}");
        Assert.True(planned.Count > 240, $"{planned.Count}");
    }

    [Fact]
    public void Each_outermost_transaction_follows_the_one_before()
    {
        var steps = CreationPlan.Steps(FormatVersion.Newest, PageSize.Default, DateTimeOffset.UnixEpoch);
        var transactions = steps.Where(step => step.Kind != CreationStepKind.Finish).Select(step => step.Transaction)
            .ToList();
        Assert.Equal(transactions.Order(), transactions);
        Assert.Equal(Enumerable.Range(0, 9), transactions.Distinct());
    }

    private static List<string> Lines(FormatVersion version, PageSize pageSize)
    {
        var format = pageSize.IsSmall ? RecordFormat.Small : RecordFormat.Large;
        var rows = new PlannedRows(format);
        var lines = new List<string>();
        var entries = new List<CatalogEntry>(SystemTables.Catalog);
        foreach (var step in CreationPlan.Steps(version, pageSize, DateTimeOffset.UnixEpoch))
        {
            switch (step.Kind)
            {
                case CreationStepKind.Tree:
                    long pages = step.Tree!.Pages > 0 ? step.Tree.Pages : CreationPlan.FirstPages.Value;
                    lines.Add(
                        $"tree {step.Tree.ObjectId} at {step.Tree.Root}, parent {step.Tree.Parent}, "
                        + $"{pages} pages, {step.Tree.Kind}");
                    break;
                case CreationStepKind.CatalogRow:
                    rows.AddCatalog(lines, step.Entry!);
                    if (step.Entry!.TableId.Value >= 6)
                        entries.Add(step.Entry);
                    break;
                case CreationStepKind.Finish:
                    if (CreationPlan.FirstVersion < version)
                        lines.Add("version");
                    lines.Add("finish");
                    break;
                case CreationStepKind.ObjidRow:
                    rows.Add(lines, Define(entries, pageSize, "MSysObjids"), step.Objid!.Build);
                    break;
                case CreationStepKind.LocaleRow:
                    rows.Add(lines, Define(entries, pageSize, "MSysLocales"), step.Locale!.Build);
                    break;
                default:
                    lines.Add("change of 7");
                    break;
            }
        }

        return lines;
    }

    private static TableDefinition Define(List<CatalogEntry> entries, PageSize pageSize, string table) =>
        CatalogReader.Read(entries.OrderBy(entry => (entry.TableId.Value, entry.Kind, entry.Id)), pageSize).Find(table);

    /// <summary>The rows that a step writes, with their keys, as lines.</summary>
    private sealed class PlannedRows(RecordFormat format) : IValueSource
    {
        private readonly TableDefinition _catalog = SystemTables.Define(PageSize.Default).Find("MSysObjects");
        private readonly CatalogWriter _writer = new(format);

        public void AddCatalog(List<string> lines, CatalogEntry entry)
        {
            byte[] record = _writer.Write(CreationLog.Timeless(entry));
            var keys = Add(lines, _catalog, record);

            // The entry by root comes first, where there is one; then that by name.
            for (int i = keys.Secondary.Count - 1; i >= 0; i--)
            {
                for (int k = 0; k < keys.Secondary[i].Count; k++)
                    lines.Add(CreationLog.Row(keys.Secondary[i].Index.ObjectId, keys.Secondary[i][k], keys.Primary));
            }

            lines.Add(CreationLog.Row(SystemTrees.Shadow.ObjectId, keys.Primary, record));
        }

        public void Add(List<string> lines, TableDefinition table, Action<RecordBuilder> build)
        {
            var builder = new RecordBuilder(table, format);
            build(builder);
            Add(lines, table, builder.ToArray());
        }

        public ReadOnlySpan<byte> Read(RecordValue value) => value.Stored;

        private RowKeys Add(List<string> lines, TableDefinition table, byte[] record)
        {
            var keys = new RowKeys(table, this);
            keys.Make(new RecordView(record, format));
            lines.Add(CreationLog.Row(table.ObjectId, keys.Primary, record));
            return keys;
        }
    }
}

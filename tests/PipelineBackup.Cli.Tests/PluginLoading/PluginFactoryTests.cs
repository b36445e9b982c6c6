using System.Reflection.Emit;

namespace PipelineBackup.Cli.Tests.PluginLoading;

/// <summary>A plugin that does not do what a plugin must is named, with what is wrong in it.</summary>
public class PluginFactoryTests
{
    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("Big")]
    [InlineData("1st")]
    [InlineData("with space")]
    [InlineData("colon:")]
    [InlineData("line\n")]
    [InlineData(null)]
    public void A_scheme_that_no_address_could_have_is_refused(string? scheme) => Refused(
        assembly => Forge.Factory(assembly, "Contoso.Factory", Forge.Scheme(scheme)),
        $"'Contoso.Factory' of plugin '%' brings scheme '{scheme}', which is none", "at least two characters");

    [Fact]
    public void A_constructor_that_throws_is_told_with_its_reason() => Refused(
        assembly => Forge.Factory(assembly, "Contoso.Factory", Forge.Scheme("boom"),
            constructor: code => Forge.Throw(code, "no licence")),
        "'Contoso.Factory' of plugin '%' failed with InvalidOperationException: no licence", "its author");

    [Fact]
    public void A_scheme_that_throws_is_told_with_its_reason() => Refused(
        assembly => Forge.Factory(assembly, "Contoso.Factory", code => Forge.Throw(code, "no scheme today")),
        "'Contoso.Factory' of plugin '%' failed with InvalidOperationException: no scheme today", "its author");

    [Fact]
    public void Two_factories_of_one_scheme_are_refused() => Refused(
        assembly =>
        {
            Forge.Factory(assembly, "Contoso.A", Forge.Scheme("twice"));
            Forge.Factory(assembly, "Contoso.B", Forge.Scheme("twice"));
        },
        "'Contoso.A' and 'Contoso.B' of plugin '%' both bring scheme 'twice'", "fault of the plugin");

    [Fact]
    public void Two_factories_of_two_schemes_are_both_known()
    {
        var assembly = Forge.Assembly("Contoso.Sinks");
        Forge.Factory(assembly, "A", Forge.Scheme("one-of-two"));
        Forge.Factory(assembly, "B", Forge.Scheme("two-of-two"));
        string plugin = Forge.Save(assembly, GoldenSets.NewFolder());
        var unknown = Cli.Expect(ExitCode.Usage, "list", "--from", "third://x", "--plugin", plugin);
        Assert.Contains("one-of-two", unknown.Error, StringComparison.Ordinal);
        Assert.Contains("two-of-two", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_plugins_of_one_scheme_are_refused_by_their_files()
    {
        string[] plugins = [.. new[] { "Contoso.First", "Contoso.Second" }.Select(name =>
        {
            var assembly = Forge.Assembly(name);
            Forge.Factory(assembly, "F", Forge.Scheme("same"));
            return Forge.Save(assembly, GoldenSets.NewFolder());
        })];
        var refused = Cli.Expect(
            ExitCode.Usage, "list", "--from", "same://x", "--plugin", plugins[0], "--plugin", plugins[1]);
        Assert.Contains(
            $"'{plugins[0]}' and '{plugins[1]}' both bring scheme 'same'", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_factory_that_is_not_public_is_named() => Refused(
        assembly => Forge.Factory(assembly, "Contoso.Hidden", Forge.Scheme("hidden"), visible: false),
        "'Contoso.Hidden' is not public", "public class");

    [Fact]
    public void An_assembly_without_a_factory_is_no_plugin() => Refused(
        assembly =>
        {
            // It knows the contracts, and makes nothing of them.
            var type = Forge.Module(assembly).DefineType("Contoso.Sink");
            type.DefineField("_sink", typeof(IBackupSink), System.Reflection.FieldAttributes.Private);
            type.CreateType();
        },
        "'%' is no plugin: it has no IBackupSinkFactory", "public class");

    [Fact]
    public void A_factory_that_lacks_a_member_of_the_contracts_is_refused() => Refused(
        assembly =>
        {
            Forge.Factory(assembly, "Contoso.Factory", Forge.Scheme("bare"), create: code =>
            {
                // A method that this version of the contracts does not have.
                var contracts = Forge.Assembly("PipelineBackup.Abstractions");
                code.Emit(OpCodes.Call, Forge.Part(contracts, "x"));
                code.Emit(OpCodes.Pop);
                code.Emit(OpCodes.Ldnull);
            });
        },
        "plugin '%' cannot be loaded: ", "build it again");

    private static void Refused(Action<PersistedAssemblyBuilder> make, string message, string hint)
    {
        var assembly = Forge.Assembly("Contoso.Sinks");
        make(assembly);
        string plugin = Forge.Save(assembly, GoldenSets.NewFolder());
        var refused = Cli.Json(ExitCode.Usage, "list", "--from", "bare://x", "--plugin", plugin)["error"]!;
        string expected = message.Replace("%", plugin, StringComparison.Ordinal);
        Assert.Contains(expected, (string?)refused["message"], StringComparison.Ordinal);
        Assert.Contains(hint, (string?)refused["hint"], StringComparison.Ordinal);
    }
}
